import "./style/tokens.css";
import "./style/base.css";

import { mount } from "svelte";

import App from "./App.svelte";

const target = document.querySelector("#app");
if (target === null) throw new Error("The page has no #app.");
target.replaceChildren();
mount(App, { target });
