// Owns writing the generated pages; with --check it only says which are not what the code says.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

const repository = join(import.meta.dirname, '..');
const isCheck = process.argv.includes('--check');

for (const [path, text] of await generatedPages()) {
  const file = join(repository, path);
  const present = await readFile(file, 'utf8').catch(() => undefined);
  if (present === text) continue;
  if (isCheck) {
    console.error(`${path} is not what the code says. Run "npm run docs".`);
    process.exitCode = 1;
  } else {
    await writeFile(file, text);
    console.log(`${path} written.`);
  }
}
