import type { Part } from './layout.js';

/** A help topic, known by name; its module is loaded only when it is asked for. */
export interface TopicEntry {
  readonly name: string;
  /** What it is about, in a few words. */
  readonly summary: string;
  readonly load: () => Promise<TopicModule>;
}

/** What the module of a topic exports. */
export interface TopicModule {
  readonly PARTS: readonly Part[];
}

/** Every topic, in the order in which the help names them. */
export const TOPICS: readonly TopicEntry[] = [
  {
    name: 'sizes',
    summary: 'how sizes, times, ids and endpoints are written',
    load: () => import('./topics/sizes.js'),
  },
  {
    name: 'requests',
    summary: 'how control requests are written',
    load: () => import('./topics/requests.js'),
  },
  {
    name: 'scenarios',
    summary: 'what the simulated devices can be told to do',
    load: () => import('./topics/scenarios.js'),
  },
  {
    name: 'environment',
    summary: 'the environment variables that are looked at',
    load: () => import('./topics/environment.js'),
  },
  {
    name: 'exit-codes',
    summary: 'what each exit code means',
    load: () => import('./topics/exit-codes.js'),
  },
  {
    name: 'errors',
    summary: 'the code of each failure, as --json tells it',
    load: () => import('./topics/errors.js'),
  },
];
