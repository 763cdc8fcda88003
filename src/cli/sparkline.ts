/** From none to most, as a terminal shows them that has Unicode, and as any terminal does. */
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
