/*
 * Writes the tables of the newest results into README.md and bench/README.md: npm run bench:tables.
 */
import { writeTables } from './write.js';

console.log(writeTables().join('\n') || 'nothing changed');
