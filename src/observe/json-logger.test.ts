import { describe, expect, it } from 'vitest';
import { createJsonLogger, standardOutput } from './json-logger.ts';

function recorder(): { lines: string[]; write: (line: string) => void } {
  const lines: string[] = [];
  return { lines, write: (line) => lines.push(line) };
}

describe('the JSON logger', () => {
  it('writes one JSON object a line with level, message and fields', () => {
    const output = recorder();
    createJsonLogger('info', output).info('signed in', { user: 'user@example.com' });
    expect(JSON.parse(output.lines[0] ?? '')).toMatchObject({
      level: 'info',
      message: 'signed in',
      user: 'user@example.com',
    });
  });

  it('redacts credentials at the top and one level down', () => {
    const output = recorder();
    createJsonLogger('info', output).info('x', {
      cookie: 'marked-1',
      headers: { authorization: 'marked-2', 'set-cookie': 'marked-3' },
      refreshToken: 'marked-4',
    });
    expect(output.lines.join('')).not.toContain('marked-');
  });

  it('keeps line breaks and quotes of a value inside one line', () => {
    const output = recorder();
    createJsonLogger('info', output).info('x', { path: '/a"\n{"forged":1}' });
    expect(output.lines).toHaveLength(1);
    expect(output.lines[0]?.trimEnd()).not.toContain('\n');
  });

  it('changes its level while running', () => {
    const output = recorder();
    const logger = createJsonLogger('info', output);
    logger.debug('unseen');
    logger.setLevel('debug');
    logger.debug('seen');
    expect(output.lines.join('')).toContain('seen');
    expect(output.lines.join('')).not.toContain('unseen');
  });

  it('can be given the standard output', () => {
    expect(standardOutput(() => undefined)).toHaveProperty('write');
  });
});
