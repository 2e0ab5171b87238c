// Sheets of many pictures, as the service lays them out: row by row, nearly square, with margins.

const MARGIN = 32; // a margin is this part of the shorter side of a picture, at least one pixel

/**
 * The pictures of a sheet, in their order.
 * @param {Blob} sheet
 * @param {number} count of pictures, at least two
 * @param {{width: number, height: number}} size of each
 * @returns {Promise<ImageBitmap[]>}
 */
export async function cutSheet(sheet, count, { width, height }) {
  const whole = await createImageBitmap(sheet);
  const columns = Math.ceil(Math.sqrt(count));
  const margin = Math.max(1, Math.floor(Math.min(width, height) / MARGIN));
  const cut = (_, number) => {
    const [row, column] = [Math.floor(number / columns), number % columns];
    return createImageBitmap(whole, margin + column * (width + margin), margin + row * (height + margin), width, height);
  };
  const pictures = await Promise.all(Array.from({ length: count }, cut));
  whole.close();
  return pictures;
}
