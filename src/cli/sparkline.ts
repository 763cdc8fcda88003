/** Heights, the lowest first: of Unicode, and of ASCII, which any terminal shows. */
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII = ['_', '.', '-', '=', '+', '*', '#', '@'];

/** One character for each number, its height in proportion to the largest. */
export function sparkline(numbers: readonly number[], unicode: boolean): string {
  const glyphs = unicode ? BLOCKS : ASCII;
  const most = Math.max(...numbers, Number.MIN_VALUE);
  return numbers
    .map((number) => glyphs[Math.round((number / most) * (glyphs.length - 1))] ?? '')
    .join('');
}
