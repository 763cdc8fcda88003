import type { ChartGap } from '../chart-data.js';
import { type Content, element, foreign, table } from './dom.js';
import type { Line } from './lines.js';
import type { NamedFile } from './names.js';
import { clockText, secondsText } from './units.js';
import type { View } from './view.js';

interface FileGap {
  readonly file: NamedFile;
  readonly gap: ChartGap;
}

function gapsOf(files: readonly NamedFile[]): FileGap[] {
  return files.flatMap((file) => file.gaps.map((gap) => ({ file, gap })));
}

/** All gaps whose time is known, as marks. */
export function gapMarks(files: readonly NamedFile[]): Line[] {
  const texts = new Map<number, string[]>();
  for (const { file, gap } of gapsOf(files)) {
    if (gap.seconds !== null) {
      const place = gap.offset === null ? '' : ` at byte ${gap.offset}`;
      const name = files.length === 1 ? '' : `${file.label}: `;
      const text = `${name}${gap.direction.toUpperCase()}${place}, ${gap.cause}`;
      texts.set(gap.seconds, [...(texts.get(gap.seconds) ?? []), text]);
    }
  }
  if (texts.size === 0) {
    return [];
  }
  const x = [...texts.keys()].sort((a, b) => a - b);
  return [
    {
      ...{ label: 'gaps', shape: 'marks', x, y: x.map(() => 0.96) },
      text: (point) => (texts.get(point.x) ?? []).slice(0, 3).join('; '),
    },
  ];
}

/** The list of gaps. The time of a gap is a button that shows it in the charts. */
export function gapSection(files: readonly NamedFile[], view: View | undefined): HTMLElement {
  const total = files.reduce((sum, { gapCount }) => sum + (gapCount ?? 0), 0);
  const section = element('section', {}, element('h2', {}, 'Gaps'));
  if (total === 0) {
    section.append(element('p', {}, 'No gap in the data from the device.'));
    return section;
  }
  const gaps = gapsOf(files);
  const several = files.length > 1;
  const rows = gaps.map(({ file, gap }, i): Content[] => [
    String(i + 1),
    ...(several ? [foreign(file.label)] : []),
    gap.direction.toUpperCase(),
    gap.offset === null ? '\u2013' : String(gap.offset),
    secondsCell(gap.seconds, view),
    gap.time === null ? '\u2013' : clockText(gap.time),
    foreign(gap.cause),
  ]);
  section.append(
    element(
      'p',
      {},
      `${total} ${total === 1 ? 'place' : 'places'} in the data where bytes may be missing.`,
    ),
    table({
      caption: several ? 'In the order of the files' : 'In the order of the data',
      head: [
        ...['', ...(several ? ['file'] : []), 'direction', 'bytes before it', 'seconds'],
        ...['clock time (UTC)', 'cause'],
      ],
      rows,
      classes: 'gaps',
    }),
  );
  if (total > gaps.length) {
    section.append(
      element('p', {}, `${total - gaps.length} more gaps are neither listed nor marked.`),
    );
  }
  return section;
}

function secondsCell(seconds: number | null, view: View | undefined): Content {
  if (seconds === null || view === undefined) {
    return seconds === null ? '\u2013' : secondsText(seconds, 1);
  }
  const text = secondsText(seconds, 1);
  const button = element(
    'button',
    { type: 'button', class: 'link', 'aria-label': `Show ${text} in the charts` },
    text,
  );
  button.addEventListener('click', () => {
    view.showAt(seconds);
    document.querySelector('.charts')?.scrollIntoView({ block: 'start' });
  });
  return button;
}
