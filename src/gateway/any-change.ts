// Owns listening to several sources of changes as to one.
import type { Cancel } from '../kernel/clock.ts';

export interface Changing {
  onChange(listener: () => void): Cancel;
}

/** Calls `listener` whenever one of the sources changes, until it is cancelled. */
export function onAnyChange(sources: readonly Changing[], listener: () => void): Cancel {
  const cancels = sources.map((source) => source.onChange(listener));
  return () => {
    for (const cancel of cancels) cancel();
  };
}
