import { followDocument } from './follow-document.js';

followDocument('docs/recipes.md');
