import type uPlot from 'uplot';
import { element } from './dom.js';
import { currentTheme, type Theme } from './theme.js';
import type { ValueAxis } from './units.js';

/** Width of the drawing on paper, in CSS pixels: DIN A4 or US Letter with margins. */
const PAPER_WIDTH = 680;

/** A frame with a heading and a text, in which a chart can be drawn. Call `draw` when it is in the page. */
export function figure(
  title: string,
  summary: string,
  create: (theme: Theme, width: number) => uPlot,
): { root: HTMLElement; draw: () => void } {
  const host = element('div', { class: 'chart' });
  const root = element(
    'figure',
    {},
    element('figcaption', {}, element('h3', {}, title), element('p', {}, summary)),
    host,
  );
  let chart: uPlot | undefined;
  let width = 0;
  const draw = (): void => {
    chart?.destroy();
    const onPaper = document.documentElement.classList.contains('printing');
    width = onPaper ? PAPER_WIDTH : host.clientWidth;
    chart = create(currentTheme(), width);
    const { canvas } = chart.ctx;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', `${title}: ${summary}`);
    host.append(chart.root);
    makeLegendUsable(chart);
  };
  new ResizeObserver(() => {
    const onPaper = document.documentElement.classList.contains('printing');
    if (chart !== undefined && !onPaper && host.clientWidth !== width) {
      width = host.clientWidth;
      chart.setSize({ width, height: chart.height });
    }
  }).observe(host);
  return { root, draw };
}

/** The entries of a legend show and hide their series. Makes that possible with the keyboard too. */
function makeLegendUsable(chart: uPlot): void {
  for (const [i, row] of [...chart.root.querySelectorAll('.u-legend .u-series')].entries()) {
    const label = row.querySelector('th');
    if (label !== null && i > 0 && !row.classList.contains('quiet')) {
      label.tabIndex = 0;
      label.title = 'Show or hide';
      label.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          label.click();
        }
      });
    }
  }
}

const AXIS_FONT = '12px system-ui, sans-serif';

/** The least space to the right of a chart, in CSS pixels. */
const MIN_END = 12;

/** The space to the right of a chart in which half of a last number beside the axis has room. */
export function endPadding(last: string): number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) {
    return MIN_END;
  }
  context.font = AXIS_FONT;
  return Math.max(MIN_END, Math.ceil(context.measureText(last).width / 2) + 2);
}

/** Axes that all charts have. */
export function axes(theme: Theme, value: ValueAxis): uPlot.Axis[] {
  const common = {
    stroke: theme.text,
    font: AXIS_FONT,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { stroke: theme.grid, width: 1, size: 5 },
  };
  return [
    { ...common, size: 32, space: 70 },
    {
      ...common,
      size: 56,
      space: 34,
      incrs: [...value.steps],
      values: (_, marks) => marks.map(value.mark),
    },
  ];
}
