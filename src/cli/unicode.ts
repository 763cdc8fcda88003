/**
 * Whether a person is shown more than ASCII, as setlocale(3) finds the locale of characters; where
 * none is set, a terminal of today is meant.
 */
export function showsUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || 'C.UTF-8');
}
