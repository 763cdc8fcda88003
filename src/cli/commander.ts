import { createRequire } from 'node:module';

/*
 * commander, which is CommonJS, by way of `require`: an import reads it through Node's translation
 * from CommonJS, and resolves it once more for each file that imports it. That is a twentieth of the
 * time in which a short command starts.
 */
const commander: typeof import('commander') = createRequire(import.meta.url)('commander');

export const { Command, CommanderError, InvalidArgumentError, Option } = commander;
