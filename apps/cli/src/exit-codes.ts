/** What the process ends with. Scripts rely on these numbers; they are part of the contract. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  auth: 4,
  conflict: 5,
  timedOut: 6,
  taskFailed: 7,
  interrupted: 130,
} as const;
