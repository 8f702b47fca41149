import type { StateItem } from '@weir/client'
import { eventToJson, WeirError } from '@weir/proto'
import type { CommandDef } from 'citty'
import { accessArgs, findAccess } from '../access.ts'
import { command } from '../command.ts'
import { dataOf, eventLine } from '../event-line.ts'
import { exitCodes } from '../exit-code.ts'
import { meshClient } from '../mesh-client.ts'
import { UsageError } from '../usage-error.ts'

export const get: CommandDef = command({
  name: 'get',
  description: 'Print what a bucket holds now: one key, or all that a filter matches',
  args: {
    bucket: { type: 'positional', required: true, description: 'The bucket: latest' },
    key: { type: 'positional', required: false, description: 'The subject of the value' },
    filter: { type: 'string', description: "Several values: 'rooms.>'; without key and filter all" },
    json: { type: 'boolean', description: 'Whole events with sequence and age, one JSON object a line' },
    ...accessArgs,
  },
  async run(args) {
    const { bucket, key, filter } = args
    if (key !== undefined && filter !== undefined) throw new UsageError('Give a key or --filter, not both.')
    const weir = meshClient(findAccess(args))
    if (key === undefined) {
      const { items } = await weir.state(bucket, filter === undefined ? {} : { filter })
      for (const item of items) console.log(args.json === true ? jsonLine(item) : eventLine(item.subject, item.event))
      return exitCodes.done
    }
    const item = await weir.get(bucket, key)
    if (item === undefined) throw new WeirError('not_found', `The bucket ${bucket} has no value for ${key}.`)
    console.log(args.json === true ? jsonLine(item) : JSON.stringify(dataOf(eventToJson(item.event)) ?? null))
    return exitCodes.done
  },
})

function jsonLine({ event, ...rest }: StateItem): string {
  return JSON.stringify({ ...rest, event: eventToJson(event) })
}
