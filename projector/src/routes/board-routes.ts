import { type Identity, mayPublish, maySubscribe, type Parameter } from '@weir/mesh'
import { filtersOverlap, objectSchema, WeirError } from '@weir/proto'
import { type BoardBucket, boardKey, boardsBucket } from '../boards/board-bucket.ts'
import { boardName, readBoardFiles } from '../boards/board-files.ts'
import type { BucketReader } from '../bucket/bucket-reader.ts'
import { arrayOf, type Endpoint, jsonAnswer, type Schemas } from '../http/endpoint.ts'
import type { Router } from '../http/router.ts'
import { limits } from '../limits.ts'

export interface BoardSources {
  readonly buckets: BucketReader
  /** The folders of WEIR_BOARDS. */
  readonly boards: readonly string[]
  readonly boardsOf: (tenant: string) => BoardBucket
}

/** A board as the page takes it. */
interface StoredBoard {
  readonly name: string
  readonly origin: 'file' | 'bucket'
  /** What a save continues; 0 for a file. */
  readonly seq: number
  readonly text: string
}

const seqSchema = { type: 'integer', description: 'What a save continues; 0 for a file.' }

export const boardSchemas: Schemas = {
  Board: objectSchema({
    name: { type: 'string' },
    origin: { type: 'string', enum: ['file', 'bucket'] },
    seq: seqSchema,
    text: { type: 'string', description: 'JSON, as console/src/boards/board.schema.json has it.' },
  }),
}

const boardParameter: Parameter = {
  name: 'name',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: boardName.source, examples: ['rooms'] },
}

const listBoards: Endpoint<'/v1/boards'> = {
  method: 'GET',
  path: '/v1/boards',
  summary: 'Boards of the page, those of the operator and those that people saved',
  parameters: [],
  answers: { 200: jsonAnswer('Boards as their JSON text', objectSchema({ items: arrayOf('Board') })) },
  refusals: [],
}

const saveBoard: Endpoint<'/v1/boards/:name'> = {
  method: 'PUT',
  path: '/v1/boards/:name',
  summary: 'Save a board; takes a grant to publish `boards.<name>`',
  parameters: [
    boardParameter,
    {
      name: 'seq',
      in: 'query',
      description: 'The revision that this one continues; a conflict when somebody saved it meanwhile.',
      schema: { type: 'integer', minimum: 0, default: 0 },
    },
  ],
  body: objectSchema({ tiles: { type: 'array' } }),
  answers: { 200: jsonAnswer('It is saved', objectSchema({ name: { type: 'string' }, seq: seqSchema })) },
  refusals: ['conflict'],
}

const removeBoard: Endpoint<'/v1/boards/:name'> = {
  method: 'DELETE',
  path: '/v1/boards/:name',
  summary: 'Take a saved board out; takes a grant to publish `boards.<name>`',
  parameters: [boardParameter],
  answers: { 204: { description: 'It is gone' } },
  refusals: ['not_found', 'conflict'],
}

/**
 * Boards: those of the operator's files for everybody, those that people saved by the grants for
 * `boards.<name>`.
 */
export function boardRoutes(router: Router, sources: BoardSources): void {
  router.add(listBoards, async (context) => {
    const saved = await savedBoards(sources.buckets, context.get('identity'))
    const files = (await readBoardFiles(sources.boards)).filter(({ name }) => !saved.has(name))
    const items: StoredBoard[] = [
      ...saved.values(),
      ...files.map(({ name, text }): StoredBoard => ({ name, origin: 'file', seq: 0, text })),
    ]
    items.sort((a, b) => (a.name < b.name ? -1 : 1))
    return context.json({ items }, 200, { 'cache-control': 'private, no-cache' })
  })

  router.add(saveBoard, async (context, url) => {
    const name = editable(context.get('identity'), context.req.param('name'))
    const text = context.get('body')
    const { tenant, subject } = context.get('identity')
    const after = afterOf(url.searchParams.get('seq'))
    const seq = await sources.boardsOf(tenant).put(name, boardJson(text), subject, after)
    return context.json({ name, seq })
  })

  router.add(removeBoard, async (context) => {
    const identity = context.get('identity')
    const name = editable(identity, context.req.param('name'))
    const saved = await sources.buckets.get(identity.tenant, boardsBucket, boardKey(name))
    if (saved === undefined) throw new WeirError('not_found', `There is no saved board "${name}".`)
    await sources.boardsOf(identity.tenant).remove(name, saved.seq)
    return context.body(null, 204)
  })
}

async function savedBoards(buckets: BucketReader, identity: Identity): Promise<Map<string, StoredBoard>> {
  const found = new Map<string, StoredBoard>()
  const filters = identity.subscribe.filter((filter) => filtersOverlap(filter, 'boards.*'))
  if (filters.length === 0) return found
  try {
    const { items } = await buckets.list(identity.tenant, boardsBucket, {
      filters,
      limit: limits.boardsMax,
      after: undefined,
    })
    for (const { subject, seq, event } of items) {
      if (!maySubscribe(identity, [subject]) || event.data.case !== 'json') continue
      const name = subject.slice(boardKey('').length)
      found.set(name, {
        name,
        origin: 'bucket',
        seq,
        text: `${JSON.stringify(JSON.parse(event.data.value), null, 2)}\n`,
      })
    }
  } catch (thrown) {
    // A tenant of before has no such bucket: then there are the files alone.
    if (!(thrown instanceof WeirError && thrown.code === 'not_found')) throw thrown
  }
  return found
}

function editable(identity: Identity, name: string): string {
  if (!boardName.test(name))
    throw new WeirError('malformed', 'name: a token of A-Z a-z 0-9 _ = - of at most 64 characters is expected.')
  if (mayPublish(identity, boardKey(name))) return name
  throw new WeirError('forbidden', `Changing this board takes a grant to publish to "${boardKey(name)}".`)
}

/**
 * The page checks boards against their schema; here it must be an object with tiles, so that no
 * other thing is stored as one.
 */
function boardJson(text: string): string {
  try {
    const board: unknown = JSON.parse(text)
    if (typeof board === 'object' && board !== null && 'tiles' in board && Array.isArray(board.tiles))
      return JSON.stringify(board)
  } catch {
    // As below.
  }
  throw new WeirError(
    'malformed',
    'A board is a JSON object with `title` and `tiles`: see console/src/boards/board.schema.json.',
  )
}

function afterOf(text: string | null): number {
  if (text === null) return 0
  if (!/^\d{1,15}$/.test(text))
    throw new WeirError('malformed', 'seq: the revision that this one continues is expected.')
  return Number(text)
}
