import { element } from './dom.js';
import { secondsText } from './units.js';

/** A range of the time axis, in seconds. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The part of the time that all charts show. */
export class View {
  readonly full: Range;
  #range: Range;
  readonly #listeners: (() => void)[] = [];

  constructor(full: Range) {
    this.full = full;
    this.#range = full;
  }

  get range(): Range {
    return this.#range;
  }

  /** Calls back after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Shows a range, at most all of the time and not less than a millionth of it. */
  show({ min, max }: Range): void {
    const all = this.full.max - this.full.min;
    const span = Math.min(all, Math.max(max - min, all / 1e6));
    const start = Math.min(Math.max((min + max - span) / 2, this.full.min), this.full.max - span);
    this.#range = span === all ? this.full : { min: start, max: start + span };
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Scales the shown time about its middle. A factor below 1 zooms in. */
  zoom(factor: number): void {
    const { min, max } = this.#range;
    const half = ((max - min) / 2) * factor;
    const middle = (min + max) / 2;
    this.show({ min: middle - half, max: middle + half });
  }

  /** Moves by a share of the shown time. */
  pan(share: number): void {
    const { min, max } = this.#range;
    const distance = Math.min(
      Math.max((max - min) * share, this.full.min - min),
      this.full.max - max,
    );
    this.show({ min: min + distance, max: max + distance });
  }

  reset(): void {
    this.show(this.full);
  }

  /** Shows the surroundings of a point in time. */
  showAt(seconds: number): void {
    const half = (this.full.max - this.full.min) / 50;
    this.show({ min: seconds - half, max: seconds + half });
  }
}

/** The buttons that do what the mouse does in the charts, and the range that is shown. */
export function toolbar(view: View): HTMLElement {
  const buttons: [string, string, () => void][] = [
    ['Zoom in', '+', () => view.zoom(1 / 2)],
    ['Zoom out', '\u2212', () => view.zoom(2)],
    ['Earlier', '\u25c0', () => view.pan(-1 / 2)],
    ['Later', '\u25b6', () => view.pan(1 / 2)],
    ['Show all', 'Show all', () => view.reset()],
  ];
  const shown = element('output', {});
  const update = (): void => {
    const { min, max } = view.range;
    shown.textContent = `${secondsText(min, max - min)} to ${secondsText(max, max - min)}`;
  };
  view.onChange(update);
  update();
  return element(
    'div',
    { class: 'toolbar', role: 'group', 'aria-label': 'Time shown in the charts' },
    ...buttons.map(([name, sign, act]) => {
      const button = element('button', { type: 'button', title: name, 'aria-label': name }, sign);
      button.addEventListener('click', act);
      return button;
    }),
    shown,
    element(
      'span',
      { class: 'hint' },
      'Drag in a chart to zoom. Double-click to show all. Point at a chart to read values.',
    ),
  );
}
