import { type Kept, keep, readKept } from './kept.ts'

// The popup: what the person sets, and how the extension does. It shows what the worker has kept,
// and follows it.

const linkWords = {
  idle: 'Waiting for a room',
  connected: 'Connected',
  offline: 'Offline; reports wait here',
  refused: 'Refused by the server',
} as const

const form = document.querySelector<HTMLFormElement>('#settings')
const shown = await readKept()
for (const name of ['room', 'server', 'token'] as const) {
  const input = form?.elements.namedItem(name)
  if (input instanceof HTMLInputElement) input.value = shown[name]
}
show(shown)
chrome.storage.onChanged.addListener(() => void readKept().then(show))

form?.addEventListener('submit', (event) => {
  event.preventDefault()
  const said = new FormData(form)
  const text = (name: string): string => String(said.get(name) ?? '').trim()
  void keep({ room: text('room'), server: text('server'), token: text('token') })
    .then(() => {
      saySaved()
      return chrome.runtime.sendMessage({ flush: true })
    })
    .catch(() => undefined)
})

/** The button says for a moment that it was heard. */
function saySaved(): void {
  put('#save', 'Saved')
  setTimeout(() => put('#save', 'Save'), 1_500)
}

function show({ room, server, queue, status }: Kept): void {
  const link = room === '' || server === '' ? 'idle' : status.link
  put('#link', linkWords[link])
  document.querySelector('#status')?.setAttribute('data-link', link)
  put('#reason', status.reason)
  document.querySelector('#reason')?.toggleAttribute('hidden', status.reason === '')
  put('#waiting', String(queue.length))
  put('#sent', status.sentMs === 0 ? 'never' : new Date(status.sentMs).toLocaleTimeString())
  put('#lost', String(status.lost))
}

function put(selector: string, text: string): void {
  const place = document.querySelector(selector)
  if (place !== null) place.textContent = text
}
