import { mount } from 'svelte'
import App from './shell/App.svelte'
import './style.css'
import { language, speak } from './words/words.ts'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element "app".')
await speak(navigator.languages)
document.documentElement.lang = language
mount(App, { target })
