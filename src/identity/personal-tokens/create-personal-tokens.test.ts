// Personal tokens of a gateway that runs alone, by the suite that holds for every storage.
import { describePersonalTokens } from '../../../test/contract/personal-tokens.ts';
import { systemClock } from '../../kernel/clock.ts';
import { silentLogger } from '../../kernel/logger.ts';
import { MemoryChangeChannel } from '../session/memory-change-channel.ts';
import { MemoryRecordStore } from '../session/memory-record-store.ts';

const store = new MemoryRecordStore(systemClock);
const changes = new MemoryChangeChannel(silentLogger);

describePersonalTokens('personal tokens in memory', () =>
  Promise.resolve({ store, changes, [Symbol.asyncDispose]: () => store.close() }),
);
