import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileOf } from './checkout/file-of.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-completion-'))
after(() => rmSync(folder, { recursive: true }))

function weir(...args: readonly string[]): string {
  return spawnSync(fileOf('weir'), args, { encoding: 'utf8' }).stdout
}

/** What the package bash-completion does for a completion function. */
const wordsByRef = `_get_comp_words_by_ref() {
  words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword-1]}
}`

/** What each shell offers for a line, by the script that `weir completion` prints. */
const shells: Readonly<Record<string, (script: string, words: readonly string[]) => string>> = {
  bash: (script, words) =>
    `source ${script}; compopt() { :; }; ${wordsByRef}; COMP_WORDS=(weir ${words.map((word) => `'${word}'`).join(' ')}); ` +
    `COMP_CWORD=${words.length}; __weir_complete; printf '%s\\n' "\${COMPREPLY[@]}"`,
  fish: (script, words) => `source ${script}; complete -C 'weir ${words.join(' ')}'`,
}

for (const [shell, program] of Object.entries(shells)) {
  test(`${shell} completes commands, subcommands, options and choices`, (t) => {
    if (spawnSync(shell, ['--version']).status !== 0) return t.skip(`${shell} is not there`)
    const script = join(folder, shell)
    writeFileSync(script, weir('completion', shell))
    const offered = (...words: readonly string[]): readonly string[] => {
      const { stdout } = spawnSync(shell, ['-c', program(script, words)], { encoding: 'utf8' })
      return stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s/)[0] ?? '')
    }
    assert.deepEqual(offered('pu'), ['pub'])
    assert.deepEqual(offered('tenant', 'cr'), ['create'])
    assert.deepEqual(offered('sub', '--mo'), ['--mode'])
    assert.deepEqual(offered('sub', '--mode', 'l'), ['latest'])
  })
}

test('the script for zsh is one that zsh can read', (t) => {
  if (spawnSync('zsh', ['--version']).status !== 0) return t.skip('zsh is not there')
  const script = join(folder, 'zsh')
  writeFileSync(script, weir('completion', 'zsh'))
  const { status, stderr } = spawnSync('zsh', ['-n', script], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
})
