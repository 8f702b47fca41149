import { firstCommand } from '../data/copy-text.ts'
import { words } from '../words/words.ts'
import type { Board } from './board.ts'

/** The name of the board that the start page shows. Who saves one under it changes the page. */
export const startBoardName = 'start'

/** What the start page shows until somebody saves another: what the mesh says of itself. */
export function startBoard(): Board {
  const say = words.start
  return {
    title: words.pages.start,
    tiles: [
      { kind: 'weir', x: 0, y: 0, w: 24, h: 4 },
      { kind: 'lively', title: say.most, x: 0, y: 4, w: 15, h: 9 },
      { kind: 'alerts', title: say.needs, x: 15, y: 4, w: 9, h: 4 },
      { kind: 'machine', title: say.machine, x: 15, y: 8, w: 9, h: 3 },
      { kind: 'text', title: say.send, text: `\`${firstCommand}\``, x: 15, y: 11, w: 9, h: 2 },
    ],
  }
}
