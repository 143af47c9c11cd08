// SPDX-License-Identifier: Apache-2.0
/** The settings form as state: kept between visits, checked at each change. In: what is typed. Out: settings or errors. */

import { readLocal, writeLocal } from "../../lib/local";
import type { StorySettings } from "../../lib/story";
import {
  checkSettings,
  formFromSettings,
  readStoredForm,
  type SettingsErrors,
  type SettingsForm,
} from "./settings";

const KEY = "taleproof.settings";

export class Settings {
  form = $state<SettingsForm>(readStoredForm(readLocal(KEY)));
  private readonly result = $derived(checkSettings(this.form));

  get errors(): SettingsErrors {
    return this.result.ok ? {} : this.result.errors;
  }

  /** The settings, or the first complaint. */
  read(): StorySettings | string {
    if (this.result.ok) return this.result.settings;
    return this.result.errors[this.result.first] ?? "";
  }

  change(part: Partial<SettingsForm>): void {
    Object.assign(this.form, part);
    writeLocal(KEY, JSON.stringify(this.form));
  }

  /** Takes over the settings of a story that was written, seed included. */
  adopt(settings: StorySettings): void {
    this.change(formFromSettings(settings));
  }
}
