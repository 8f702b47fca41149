import './language.ts'
import { mount } from 'svelte'
import App from './components/App.svelte'
import './style.css'

const target = document.getElementById('app')
if (target === null) throw new Error('index.html has no element "app".')
mount(App, { target })
