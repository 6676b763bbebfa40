PRAGMA page_size = 1024;
CREATE TABLE wa_contacts (_id INTEGER PRIMARY KEY AUTOINCREMENT, jid TEXT NOT NULL, is_whatsapp_user BOOLEAN NOT NULL, number TEXT, display_name TEXT, wa_name TEXT);
CREATE TABLE wa_vnames (_id INTEGER PRIMARY KEY AUTOINCREMENT, jid TEXT NOT NULL, verified_name TEXT NOT NULL);
INSERT INTO wa_contacts (jid, is_whatsapp_user, number, display_name, wa_name) VALUES
  ('491700000002@s.whatsapp.net', 1, '+491700000002', 'Mara Lindqvist', 'mara'),
  ('491700000003@s.whatsapp.net', 1, NULL, NULL, 'Jonas'),
  ('491700000009@s.whatsapp.net', 1, NULL, NULL, 'hut shop'),
  ('491700000001@s.whatsapp.net', 1, NULL, NULL, 'Ben');
INSERT INTO wa_vnames (jid, verified_name) VALUES ('491700000009@s.whatsapp.net', 'Hut & Rope');
