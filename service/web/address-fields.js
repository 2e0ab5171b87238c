// Kinds of fields of an address: the usual value of each, how it is read and how it is written.
// A value that is missing or not allowed is read as the usual one. Knows no field.

/** A text of up to a number of characters; left out where it is empty. */
export const text = (most) => ({
  usual: "",
  read: ([value = ""]) => value.length <= most ? value : "",
  write: (value) => value ? [value] : [],
});

/** One of some words; the first one is the usual one. */
export const oneOf = (usual, ...others) => ({
  usual,
  read: ([value]) => others.includes(value) ? value : usual,
  write: (value) => value === usual ? [] : [value],
});

/** Up to a number of texts, each under the same name; the last ones where there are more. */
export const texts = (most, isAllowed) => ({
  usual: Object.freeze([]),
  read: (values) => Object.freeze(values.filter(isAllowed).slice(-most)),
  write: (values) => values,
});

/** A number from `low` to `high`; left out where it is the usual one. */
export const number = (usual, low, high) => ({
  usual,
  read: ([value]) => value?.trim() && Number(value) >= low && Number(value) <= high ? Number(value) : usual,
  write: (value) => value === usual ? [] : [String(value)],
});

/** A whole number from `low` to `high`. */
export const integer = (usual, low, high) => {
  const any = number(usual, low, high);
  return { ...any, read: (values) => Number.isInteger(any.read(values)) ? any.read(values) : usual };
};

/** True or false; left out where it is false. */
export const flag = { usual: false, read: ([value]) => value === "true", write: (value) => value ? ["true"] : [] };
