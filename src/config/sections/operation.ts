// Owns the options of running: log level, stopping.
import { choice, duration, section } from '../leaf.ts';

export const logging = section({
  level: choice(['debug', 'info', 'warn', 'error'], {
    about: 'Least severe log lines that are written; reloads without a restart.',
  }).default('info'),
}).prefault({});

export const shutdown = section({
  drain: duration({
    about:
      "How long requests under way may take to finish after SIGTERM; shorter than the pod's terminationGracePeriodSeconds (30).",
    min: '0s',
    max: '1h',
  }).prefault('25s'),
})
  .transform(({ drain }) => ({ drainMs: drain }))
  .prefault({});
