// Files that are kept for a while, up to a number of bytes. Knows nothing of what they hold.

/** Files by their key; the one that was used least recently goes first, beyond `limit` bytes. */
export function createKeptFiles(limit) {
  const files = new Map();
  let bytes = 0;

  function get(key) {
    const blob = files.get(key);
    if (!blob) return null;
    files.delete(key);
    files.set(key, blob);
    return blob;
  }

  function put(key, blob) {
    if (files.has(key) || blob.size > limit) return;
    files.set(key, blob);
    bytes += blob.size;
    for (const [oldest, { size }] of files) {
      if (bytes <= limit) return;
      files.delete(oldest);
      bytes -= size;
    }
  }

  return { get, put };
}
