import { readFile } from 'node:fs/promises'
import { root } from './run.ts'

/**
 * A file of deploy/proxies: the block of that language in docs/proxies.md, whose settings tests
 * run. Throws when the page has none.
 */
export async function proxyFile(language: string): Promise<string> {
  const page = await readFile(`${root}docs/proxies.md`, 'utf8')
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1]
  if (block === undefined) throw new Error(`docs/proxies.md has no block of ${language}.`)
  return `# Written by \`make gen\` from docs/proxies.md, which says what each setting is for.\n\n${block}`
}
