-- A database of 2019, made up: one table has it all. Everybody in it is invented.
PRAGMA page_size = 1024;

CREATE TABLE chat_list (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT UNIQUE, message_table_id INTEGER, subject TEXT, creation INTEGER);
CREATE TABLE messages (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT NOT NULL, key_from_me INTEGER, key_id TEXT NOT NULL, status INTEGER, needs_push INTEGER, data TEXT, timestamp INTEGER,
  media_url TEXT, media_mime_type TEXT, media_wa_type TEXT, media_size INTEGER, media_name TEXT, media_caption TEXT, media_hash TEXT, media_duration INTEGER, origin INTEGER, latitude REAL, longitude REAL,
  thumb_image TEXT, remote_resource TEXT, received_timestamp INTEGER, starred INTEGER, quoted_row_id INTEGER, mentioned_jids TEXT, edit_version INTEGER, forwarded INTEGER);
CREATE TABLE messages_quotes (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT NOT NULL, key_from_me INTEGER, key_id TEXT NOT NULL, data TEXT, remote_resource TEXT);
CREATE TABLE messages_vcards (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, sender_jid TEXT, vcard TEXT, chat_jid TEXT);
CREATE TABLE group_participants (_id INTEGER PRIMARY KEY AUTOINCREMENT, gjid TEXT NOT NULL, jid TEXT NOT NULL, admin INTEGER, pending INTEGER);
CREATE TABLE group_participants_history (_id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp DATETIME NOT NULL, gjid TEXT NOT NULL, jid TEXT NOT NULL, action INTEGER NOT NULL);
CREATE TABLE message_thumbnails (thumbnail BLOB, timestamp DATETIME, key_remote_jid TEXT NOT NULL, key_from_me INTEGER, key_id TEXT NOT NULL);
CREATE TABLE receipts (_id INTEGER PRIMARY KEY AUTOINCREMENT, key_remote_jid TEXT NOT NULL, key_id TEXT NOT NULL, remote_resource TEXT, receipt_device_timestamp INTEGER, read_device_timestamp INTEGER);

INSERT INTO chat_list (key_remote_jid, message_table_id, subject, creation) VALUES
  ('15550100001@s.whatsapp.net', 15, NULL, NULL), ('15550100000-1550000000@g.us', 40, 'Lake house', 1550000000000), ('15550100009@s.whatsapp.net', NULL, NULL, NULL);
INSERT INTO group_participants (gjid, jid, admin) VALUES
  ('15550100000-1550000000@g.us', '', 1), ('15550100000-1550000000@g.us', '15550100001@s.whatsapp.net', 0), ('15550100000-1550000000@g.us', '15550100002@s.whatsapp.net', 0);
INSERT INTO group_participants_history (timestamp, gjid, jid, action) VALUES (1550000900000, '15550100000-1550000000@g.us', '15550100003@s.whatsapp.net', 1);

INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data) VALUES (1, '-1', 0, '-1', -1, NULL);

INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data, timestamp, media_wa_type, starred, quoted_row_id, edit_version, forwarded) VALUES
  (2, '15550100001@s.whatsapp.net', 1, 'A2', 6, NULL, 1556700000000, '0', NULL, 0, 0, 0),
  (3, '15550100001@s.whatsapp.net', 0, 'A3', 0, 'is the lake still frozen?', 1556700060000, '0', 1, 0, 0, 0),
  (4, '15550100001@s.whatsapp.net', 1, 'A4', 13, 'see for yourself', 1556700120321, '0', NULL, 1, 0, 0),
  (13, '15550100001@s.whatsapp.net', 0, 'A13', 0, NULL, 1556700660000, '0', NULL, 0, 7, 0),
  (14, '15550100001@s.whatsapp.net', 1, 'A14', 5, NULL, 1556700720000, '15', NULL, 0, 7, 0),
  (15, '15550100001@s.whatsapp.net', 0, 'A15', 0, 'passed on', 1556700780000, '0', NULL, 0, 0, 1);
UPDATE messages SET media_size = 19 WHERE _id = 2;
INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data, timestamp, media_url, media_mime_type, media_wa_type, media_size, media_name, media_caption, media_hash, media_duration, origin, latitude, longitude, thumb_image) VALUES
  (5, '15550100001@s.whatsapp.net', 1, 'A5', 13, NULL, 1556700180000, 'https://media.example/5', 'image/jpeg', '1', 21, NULL, 'this morning', 'aGFzaCA1', 0, 0, 0, 0, X'ACED0005737200094D656469614461746100000074002D4D656469612F576861747341707020496D616765732F494D472D32303139303530312D5741303030312E6A706770'),
  (6, '15550100001@s.whatsapp.net', 0, 'A6', 0, NULL, 1556700240000, 'https://media.example/6', 'audio/ogg; codecs=opus', '2', 4000, NULL, NULL, 'aGFzaCA2', 5, 1, 0, 0, NULL),
  (7, '15550100001@s.whatsapp.net', 0, 'A7', 0, NULL, 1556700300000, 'https://media.example/7', 'application/pdf', '9', 900, 'key list.pdf', 'Keys', 'aGFzaCA3', 0, 0, 0, 0, NULL),
  (8, '15550100001@s.whatsapp.net', 0, 'A8', 0, NULL, 1556700360000, 'https://maps.example/pier', NULL, '5', 0, 'Old pier', NULL, NULL, 0, 0, 45.25, -72.5, NULL),
  (9, '15550100001@s.whatsapp.net', 0, 'A9', 0, 'BEGIN:VCARD
VERSION:3.0
FN:Boat Man
END:VCARD
', 1556700420000, NULL, NULL, '4', 0, 'Boat Man', NULL, NULL, 0, 0, 0, 0, NULL),
  (10, '15550100001@s.whatsapp.net', 0, 'A10', 0, NULL, 1556700480000, NULL, NULL, '14', 0, '2 contacts', NULL, NULL, 0, 0, 0, 0, NULL),
  (11, '15550100001@s.whatsapp.net', 0, 'A11', 0, NULL, 1556700540000, NULL, NULL, '8', 0, NULL, 'video', NULL, 65, 0, 0, 0, NULL),
  (12, '15550100001@s.whatsapp.net', 0, 'A12', 6, NULL, 1556700600000, NULL, NULL, '10', 0, NULL, NULL, NULL, 0, 0, 0, 0, NULL);
INSERT INTO messages_vcards (message_row_id, sender_jid, vcard, chat_jid) VALUES (10, NULL, 'BEGIN:VCARD
FN:Dock
END:VCARD', '15550100001@s.whatsapp.net'), (10, NULL, 'BEGIN:VCARD
FN:Ferry
END:VCARD', '15550100001@s.whatsapp.net');
INSERT INTO messages_quotes VALUES (1, '15550100001@s.whatsapp.net', 0, 'A3', 'is the lake still frozen?', NULL), (2, '15550100000-1550000000@g.us', 0, '15', NULL, '15550100002@s.whatsapp.net');

-- Phones numbered what they sent: two of a group came to the same number.
INSERT INTO messages (_id, key_remote_jid, key_from_me, key_id, status, data, timestamp, media_wa_type, media_size, remote_resource, quoted_row_id, mentioned_jids, edit_version, forwarded) VALUES
  (30, '15550100000-1550000000@g.us', 1, 'G30', 6, 'Lake house', 1550000000000, '0', 11, '15550100000@s.whatsapp.net', 0, NULL, 0, 0),
  (31, '15550100000-1550000000@g.us', 1, 'G31', 6, NULL, 1550000900000, '0', 5, '15550100003@s.whatsapp.net', 0, NULL, 0, 0),
  (32, '15550100000-1550000000@g.us', 0, '15', 0, 'who has the keys?', 1556701000000, '0', 0, '15550100001@s.whatsapp.net', 0, NULL, 0, 0),
  (33, '15550100000-1550000000@g.us', 0, '15', 0, 'I do', 1556701060000, '0', 0, '15550100002@s.whatsapp.net', 0, NULL, 0, 0),
  (34, '15550100000-1550000000@g.us', 0, 'G34', 0, 'then come, @15550100002', 1556701120000, '0', 0, '15550100001@s.whatsapp.net', 2, '15550100002@s.whatsapp.net', 0, 0),
  (35, '15550100000-1550000000@g.us', 1, 'G35', 6, 'what nobody knows', 1556701180000, '0', 555, '15550100001@s.whatsapp.net', 0, NULL, 0, 0),
  (36, '15550100000-1550000000@g.us', 0, 'G36', 0, 'of a kind to come', 1556701240000, '77', 0, '15550100001@s.whatsapp.net', 0, NULL, 0, 0),
  (40, '15550100005@s.whatsapp.net', 0, 'B40', 0, 'in no list of chats', 1556701300000, '0', 0, NULL, 0, NULL, 0, 0);
INSERT INTO receipts (key_remote_jid, key_id, remote_resource, receipt_device_timestamp, read_device_timestamp) VALUES ('15550100001@s.whatsapp.net', 'A4', NULL, 1556700121000, 1556700130000);
INSERT INTO message_thumbnails VALUES (X'00FF', 1556700180000, '15550100001@s.whatsapp.net', 1, 'A5');
