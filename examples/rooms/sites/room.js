// A room that lives in its page: viewers come and go, and the buttons do what a person wants to
// see. The page says by its `data-shows` attributes where each counter stands.

const room = { viewers: 240, tips: 0, tokens: 0 }
const places = [...document.querySelectorAll('[data-shows]')]

function show() {
  for (const place of places) place.textContent = room[place.dataset.shows].toLocaleString('en-US')
}

const deeds = {
  come: () => (room.viewers += 100),
  leave: () => (room.viewers = Math.floor(room.viewers * 0.3)),
  tip: () => {
    room.tips += 1
    room.tokens += 50
  },
}

for (const button of document.querySelectorAll('button[data-deed]')) {
  button.addEventListener('click', () => {
    deeds[button.dataset.deed]()
    show()
  })
}

setInterval(() => {
  room.viewers = Math.max(0, room.viewers + Math.round((Math.random() - 0.5) * 8))
  show()
}, 2_000)
show()
