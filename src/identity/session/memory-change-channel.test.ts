import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../kernel/logger.ts';
import type { Change } from './change-channel.ts';
import { MemoryChangeChannel } from './memory-change-channel.ts';

describe('MemoryChangeChannel', () => {
  it('tells every listener at once', () => {
    const channel = new MemoryChangeChannel(silentLogger);
    const heard: Change[] = [];
    const listener = (change: Change) => heard.push(change);
    channel.onChange(listener);
    channel.onChange(listener);
    channel.announce('key');
    expect(heard).toEqual([
      { kind: 'session', key: 'key' },
      { kind: 'session', key: 'key' },
    ]);
  });

  it('stops telling who cancelled, and everybody once closed', async () => {
    const channel = new MemoryChangeChannel(silentLogger);
    const heard: string[] = [];
    const cancel = channel.onChange(() => heard.push('first'));
    channel.onChange(() => heard.push('second'));
    cancel();
    cancel();
    channel.announce('key');
    await channel.close();
    channel.announce('key');
    expect(heard).toEqual(['second']);
  });

  it('survives a listener that throws, and logs it', () => {
    const logged: string[] = [];
    const channel = new MemoryChangeChannel({
      ...silentLogger,
      error: (message) => logged.push(message),
    });
    const heard: Change[] = [];
    channel.onChange(() => {
      throw new Error('a bug');
    });
    channel.onChange((change) => heard.push(change));
    channel.announce('key');
    expect(heard).toHaveLength(1);
    expect(logged).toEqual(['A listener to session changes failed.']);
  });
});
