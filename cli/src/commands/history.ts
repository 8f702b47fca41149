import type { CommandDef } from 'citty'
import { command } from '../command.ts'

export const history: CommandDef = command({ name: 'history', description: '', args: {}, run: () => 0 })
