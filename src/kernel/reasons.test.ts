import { expect, test } from 'vitest';
import { accessReasons } from './access-reasons.ts';
import { credentialReasons } from './credential-reasons.ts';
import { dependencyReasons } from './dependency-reasons.ts';
import { reasons } from './reasons.ts';
import { requestReasons } from './request-reasons.ts';
import { signInReasons } from './sign-in-reasons.ts';

test('no code stands in two parts of the table, of which one would be lost', () => {
  const parts = [
    requestReasons,
    credentialReasons,
    accessReasons,
    dependencyReasons,
    signInReasons,
  ].flatMap((part) => Object.keys(part));
  expect(parts.toSorted()).toEqual(Object.keys(reasons).toSorted());
});

test.each(Object.entries(reasons))('%s is told in sentences', (_code, { title, advice }) => {
  expect(title).toMatch(/^[A-Z].*\.$/);
  expect(advice).toMatch(/^[A-Z].*\.$/);
});
