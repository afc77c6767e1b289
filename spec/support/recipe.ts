import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const document = new URL('../../docs/RECIPES.md', import.meta.url);
// Inside the package, so that it can import itself.
const folder = new URL('../../.recipes/', import.meta.url);

/** The modules of docs/RECIPES.md, by their headings. */
export async function recipes(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(document, 'utf8');
  return new Map(
    Array.from(text.matchAll(/^## (.*)\n[^]*?^```ts\n([^]*?)^```$/gm), ({ 1: title = '', 2: code = '' }) => [
      title,
      code,
    ]),
  );
}

/** Where the module of a recipe is, to be imported or bundled; until {@link removeRecipes}. */
export async function recipeFile(title: string): Promise<string> {
  const code = (await recipes()).get(title);
  if (code === undefined) throw new Error(`Expected a recipe called ${title}`);
  const file = new URL(`${title.toLowerCase().replace(/\W+/g, '-')}.ts`, folder);
  await mkdir(folder, { recursive: true });
  await writeFile(file, code);
  return fileURLToPath(file);
}

export async function removeRecipes(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
