import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse } from 'yaml'
import { defaultProjections, loadProjections } from '../../../projector/src/declaration/file/load.ts'
import { derivedSecret } from '../up/derived-secret.ts'
import { StateFolder } from '../up/state-folder.ts'
import { type Addition, addedSettings } from './additions.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-additions-'))
after(() => rmSync(folder, { recursive: true }))
const state = new StateFolder(folder)

function addition(name: string, files: Readonly<Record<string, string>>): Addition {
  const path = join(folder, name)
  mkdirSync(join(path, 'boards'), { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return { name, folder: path, origins: [`http://${name}.test`] }
}

const one = addition('one', {
  'projections.yaml': 'projections: [{ name: one, kind: latest, from: one.> }]',
  'routes.yaml': 'routes: [{ path: /one, subject: one }]',
})
const two = addition('two', { 'projections.yaml': 'projections: [{ name: two, kind: latest, from: two.> }]' })

test('without a file of the user, what a mesh without a file has comes first', () => {
  const { settings } = addedSettings(state, {}, [one])
  const file = settings.WEIR_PROJECTIONS ?? ''
  const specs = loadProjections(readFileSync(file, 'utf8'), file)
  const own = defaultProjections.map(({ name }) => name)
  // Templates of keys are functions.
  assert.equal(JSON.stringify(specs.filter(({ name }) => own.includes(name))), JSON.stringify(defaultProjections))
  assert.ok(specs.some(({ name }) => name === 'one'))
})

test("the user's files and those of all additions are one, and what is said twice is there once", () => {
  const own = join(folder, 'own.yaml')
  writeFileSync(
    own,
    'projections: [{ name: own, kind: latest, from: own.> }, { name: one, kind: latest, from: one.> }]',
  )
  const env = { WEIR_PROJECTIONS: own, WEIR_BOARDS: '/boards', WEIR_CORS_ORIGINS: 'http://own.test' }
  const { settings, text } = addedSettings(state, env, [one, two])
  const { projections } = parse(readFileSync(settings.WEIR_PROJECTIONS ?? '', 'utf8')) as {
    readonly projections: readonly { readonly name: string }[]
  }
  assert.deepEqual(
    projections.map(({ name }) => name),
    ['own', 'one', 'two'],
  )
  assert.equal(settings.WEIR_BOARDS, `/boards,${join(one.folder, 'boards')},${join(two.folder, 'boards')}`)
  assert.equal(settings.WEIR_CORS_ORIGINS, 'http://own.test,http://one.test,http://two.test')
  assert.equal(settings.WEIR_INGEST_ORIGINS, 'http://one.test,http://two.test')
  assert.equal(settings.WEIR_PROJECTOR_ROUTES, undefined)
  assert.notEqual(addedSettings(state, env, [one]).text, text)
  assert.equal(addedSettings(state, env, [one, two]).text, text)
})

test('nothing is set without an addition, and what is no map of names is refused', () => {
  assert.deepEqual(addedSettings(state, { WEIR_PROJECTIONS: 'own.yaml' }, []).settings, {})
  const wrong = addition('wrong', { 'routes.yaml': '- path: /a' })
  assert.throws(() => addedSettings(state, {}, [wrong]), { code: 'invalid', message: /routes\.yaml/ })
})

test('a secret is the same for whoever derives it, and another for another name', () => {
  const { settings } = addedSettings(state, {}, [{ ...two, secrets: ['DEMO_HOOK_SECRET'] }])
  assert.equal(settings.DEMO_HOOK_SECRET, derivedSecret(state.secrets().jwtSecret, 'DEMO_HOOK_SECRET'))
  assert.notEqual(settings.DEMO_HOOK_SECRET, derivedSecret(state.secrets().jwtSecret, 'DEMO_OTHER_SECRET'))
})
