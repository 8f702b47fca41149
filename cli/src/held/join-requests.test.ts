import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { StateFolder } from '../up/state-folder.ts'
import { JoinRequests } from './join-requests.ts'

test('what is no request is taken away, and holds up none that is one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-join-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const state = new StateFolder(folder)
  mkdirSync(state.at('join'), { recursive: true })
  for (const [at, text] of ['', '{"name":"half', 'null', '[]', '{"name":1,"folder":"x","origins":[]}'].entries()) {
    writeFileSync(state.at('join', `damaged-${at}.json`), text)
  }
  const requests = new JoinRequests(state)
  const addition = { name: 'rooms', folder: '/rooms', origins: [] }
  requests.ask(addition)
  assert.deepEqual(requests.take(), [addition])
  assert.deepEqual(readdirSync(state.at('join')), [])
  assert.deepEqual(requests.take(), [])
})
