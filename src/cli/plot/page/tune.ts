import { binarySize } from '../../terminal/format.js';
import type { TuneGrid } from '../chart-data.js';
import { element, foreign, scrolling } from './dom.js';
import { factsTable } from './facts.js';
import type { NamedFile } from './names.js';
import { rateText } from './units.js';

/** The candidates of `usbxfer tune`: a grid of their rates, and the options to copy. */
export function tuneSection(file: NamedFile, tune: TuneGrid, isAlone: boolean): HTMLElement {
  const options = element('code', {}, tune.options);
  return element(
    'section',
    {},
    element('h2', {}, 'Tune', ...(isAlone ? [] : [': ', foreign(file.label)])),
    factsTable('Totals', [file]),
    element('p', { class: 'verdict' }, foreign(tune.verdict)),
    element('p', {}, 'Options for the best rate:'),
    scrolling('Options for the best rate', element('pre', {}, options)),
    grid(file, tune),
  );
}

function grid(file: NamedFile, { sizes, depths, cells, best }: TuneGrid): HTMLElement {
  const fastest = cells.reduce((most, { median }) => Math.max(most, median), 0);
  const name = `Rates of ${file.label}`;
  const cellAt = (size: number, depth: number): HTMLElement => {
    const index = cells.findIndex((cell) => cell.size === size && cell.depth === depth);
    const cell = cells[index];
    if (cell === undefined) {
      return element('td', { class: 'unmeasured' }, '\u2013');
    }
    const spread = `${rateText(cell.min)} to ${rateText(cell.max)}`;
    const starved = `${cell.starvedSeconds.toFixed(3)} s without a transfer in flight`;
    const shown = element(
      'td',
      { title: `${spread}; ${starved}` },
      element('strong', {}, rateText(cell.median)),
      element('small', {}, spread),
    );
    // The power shows differences between rates near the best, where most candidates are.
    const share = (cell.median / (fastest || 1)) ** 3;
    shown.style.setProperty('--share', `${Math.round(share * 100)}%`);
    if (index === best) {
      shown.classList.add('best');
      shown.prepend(element('span', { class: 'badge' }, 'best'));
    }
    return shown;
  };
  return scrolling(
    name,
    element(
      'table',
      { class: 'grid' },
      element('caption', {}, 'Median rate, and lowest to highest of the repetitions'),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', { scope: 'col', rowspan: '2' }, 'transfer size'),
          element(
            'th',
            { scope: 'colgroup', colspan: String(depths.length) },
            'transfers in flight',
          ),
        ),
        element('tr', {}, ...depths.map((depth) => element('th', { scope: 'col' }, String(depth)))),
      ),
      element(
        'tbody',
        {},
        ...sizes.map((size, row) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, binarySize(size)),
            ...depths.map((_, column) => cellAt(row, column)),
          ),
        ),
      ),
    ),
  );
}
