/** A node, or text that is shown as it is. */
export type Content = Node | string;

/** Creates an element. Text becomes a text node: nothing in it is read as HTML. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[Tag] {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    created.setAttribute(name, value);
  }
  created.append(...content);
  return created;
}

/** Text from a file. Its direction of writing cannot change the text around it. */
export function foreign(text: string): HTMLElement {
  return element('bdi', {}, text);
}

/** A table: the first cell of a row is its heading. */
export interface TableOptions {
  readonly caption: string;
  readonly head: readonly Content[];
  readonly rows: readonly (readonly Content[])[];
  /** Of the table, in addition to those that all tables have. */
  readonly classes?: string;
}

/** Creates a table that scrolls on its own if the page is too narrow for it. */
export function table({ caption, head, rows, classes = '' }: TableOptions): HTMLElement {
  const created = element(
    'table',
    { class: classes },
    element('caption', {}, caption),
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((cell) => element('th', { scope: 'col' }, cell))),
    ),
    element('tbody', {}, ...rows.map(tableRow)),
  );
  return scrolling(caption, created);
}

function tableRow(cells: readonly Content[]): HTMLElement {
  const [heading = '', ...rest] = cells;
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, heading),
    ...rest.map((cell) => element('td', {}, cell)),
  );
}

/** Puts something wide or long into a frame that can be scrolled, also with the keyboard. */
export function scrolling(name: string, content: HTMLElement): HTMLElement {
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': name, tabindex: '0' },
    content,
  );
}
