import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './source-files.ts'

/** A page of the repository. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

/** Code of a page, as it stands there. */
export interface CodeBlock {
  readonly path: string
  /** Of the fence: `ts`, `sh`; empty where it says none. */
  readonly language: string
  /** That of its first line in the page, from 1. */
  readonly line: number
  readonly code: string
}

export const pages: readonly Page[] = globSync('**/*.md', {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path),
}).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** All blocks between fences, those in lists too, whose indentation is taken off. */
export function codeBlocks(): readonly CodeBlock[] {
  return pages.flatMap(({ path, text }) => {
    const fenced = /^([ \t]*)```(\w*)[^\n]*\n([\s\S]*?)^\1```$/gm
    return [...text.matchAll(fenced)].map(({ index, 1: indent = '', 2: language = '', 3: code = '' }) => ({
      path,
      language,
      line: text.slice(0, index).split('\n').length + 1,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }))
  })
}
