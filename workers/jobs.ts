/**
 * The jobs on servers, by name. A thread has them all before it gets its first: one that is ended while it loads a file
 * would take the whole program with it.
 */
export { default as command } from './command.ts';
export { default as poll } from './poll.ts';
export { default as recover } from './recover.ts';
export { default as start } from './start.ts';
export { default as stop } from './stop.ts';
export { default as strays } from './strays.ts';
export { default as trust } from './trust.ts';
