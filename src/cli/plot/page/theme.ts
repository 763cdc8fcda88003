/** The colours of style/page.css that charts need, as they are now: they depend on the colour scheme. */
export interface Theme {
  readonly text: string;
  readonly grid: string;
  readonly background: string;
  /** Of marks of gaps. */
  readonly mark: string;
  readonly curves: readonly string[];
}

/** Number of colours of curves in style/page.css. */
const CURVES = 7;

/** Reads the colours of the page. */
export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: colour('--muted'),
    grid: colour('--grid'),
    background: colour('--background'),
    mark: colour('--mark'),
    curves: Array.from({ length: CURVES }, (_, i) => colour(`--curve-${i}`)),
  };
}

/** How a curve looks. With more curves than colours, the later ones are dashed. */
export function curveLook(theme: Theme, index: number): { colour: string; dash: number[] } {
  const dashes = [[], [6, 4], [2, 3]];
  return {
    colour: theme.curves[index % CURVES] ?? theme.text,
    dash: dashes[Math.floor(index / CURVES) % dashes.length] ?? [],
  };
}

/** Calls back when the colours of the page have changed: another colour scheme, or paper. */
export function onThemeChange(redraw: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  // Canvases keep their pixels. They are drawn for paper before the page is laid out for it.
  const { classList } = document.documentElement;
  addEventListener('beforeprint', () => {
    classList.add('printing');
    redraw();
  });
  addEventListener('afterprint', () => {
    classList.remove('printing');
    redraw();
  });
}
