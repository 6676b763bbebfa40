package telegram

const explain = `Telegram Desktop exports, and nothing else does: not the phones, not the
web, and not the Mac app of the App Store. It is at desktop.telegram.org and
runs beside them. Log in there, then:

Everything   Settings, Advanced, Export Telegram data.
             Tick the kinds of chats. For groups and channels the app asks
             for your own messages alone: untick "Only my messages".
One chat     open it, the three dots at its top, Export chat history.

Choose the format "Machine-readable JSON". HTML is read as well, but it lacks
who people are by number, edits, the times of notices and more.

Media        tick what you want, and drag the size limit to its end: what is
             larger is left out, and chatkeep says so.
The wait     Telegram may make you wait a day before a first export of
             everything: it asks on your phone. Large accounts take hours;
             wait until the app says that it is done.

The result is a folder, "DataExport_DATE" or "ChatExport_DATE". Hand it over
as it is, or zipped. A later export is a folder of its own: back up each.

What to say  --me ID    for a chat that was exported alone: the number of your
                        account, as in user_id of an export of everything.
                        Its messages are then known to be the same.
             --tz ZONE  for exports before June 2022 and for HTML, whose times
                        have no zone: where the computer was, as Europe/Rome

What Telegram leaves out
  - Secret chats: they are on the one phone alone, and never exported.
  - Media that delete themselves, paid media, and what was deleted before.
  - In chats that you have left, everything but your own messages.
  - Earlier wordings of what was edited. Of a message that has a reaction, the
    time of its first one may stand as the time of an edit.
  - That an export was limited to some dates is written nowhere in it.
`
