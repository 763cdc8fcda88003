import { writeFileSync } from 'node:fs';
import { manualPages } from './pages.js';

// `npm run man`: writes every manual page.
for (const [file, text] of await manualPages()) {
  writeFileSync(file, text);
}
