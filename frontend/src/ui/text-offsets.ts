/**
 * The server counts characters as Unicode code points; JavaScript strings count UTF-16 units.
 * These two differ as soon as a text holds an emoji or a rare ideograph.
 */

/** The part of `text` between two code point offsets. */
export function sliceByCodePoints(text: string, start: number, end: number): string {
  const from = unitOffset(text, start);
  return text.slice(from, unitOffset(text, end, start, from));
}

/** Where the code point with this number begins in the string; its length when there are fewer. */
export function unitOffset(text: string, codePoints: number, knownPoints = 0, knownUnits = 0): number {
  let units = knownUnits;
  for (let point = knownPoints; point < codePoints && units < text.length; point += 1) {
    const code = text.charCodeAt(units);
    const wide = code >= 0xd800 && code <= 0xdbff && units + 1 < text.length;
    units += wide ? 2 : 1;
  }
  return units;
}

export function countCodePoints(text: string): number {
  let count = 0;
  for (let units = 0; units < text.length; count += 1) units = unitOffset(text, 1, 0, units);
  return count;
}
