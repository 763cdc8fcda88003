import { followDocument } from './follow-document.js';

followDocument('README.md');
