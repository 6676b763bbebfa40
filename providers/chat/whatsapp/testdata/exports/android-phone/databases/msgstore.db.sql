-- A phone's database of 2026, made up: the columns and tables that are read, and some
-- that nobody knows yet. Everybody in it is invented.
PRAGMA page_size = 1024;

CREATE TABLE props (_id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, value TEXT);
CREATE TABLE jid (_id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT NOT NULL, server TEXT NOT NULL, agent INTEGER, device INTEGER, type INTEGER, raw_string TEXT);
CREATE TABLE jid_map (lid_row_id INTEGER PRIMARY KEY NOT NULL, jid_row_id INTEGER NOT NULL, sort_id INTEGER);
CREATE TABLE lid_display_name (lid_row_id INTEGER PRIMARY KEY NOT NULL, display_name TEXT NOT NULL, username TEXT);
CREATE TABLE chat (_id INTEGER PRIMARY KEY AUTOINCREMENT, jid_row_id INTEGER UNIQUE, hidden INTEGER, subject TEXT, created_timestamp INTEGER, archived INTEGER, group_type INTEGER NOT NULL DEFAULT 0);
CREATE TABLE newsletter (chat_row_id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE group_participant_user (_id INTEGER PRIMARY KEY AUTOINCREMENT, group_jid_row_id INTEGER NOT NULL, user_jid_row_id INTEGER NOT NULL, rank INTEGER, pending INTEGER);
CREATE TABLE group_past_participant_user (_id INTEGER PRIMARY KEY AUTOINCREMENT, group_jid_row_id INTEGER NOT NULL, user_jid_row_id INTEGER NOT NULL, is_leave INTEGER NOT NULL, timestamp INTEGER);

CREATE TABLE message (_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER NOT NULL, from_me INTEGER NOT NULL, key_id TEXT NOT NULL, sender_jid_row_id INTEGER, status INTEGER,
  timestamp INTEGER, received_timestamp INTEGER, message_type INTEGER, text_data TEXT, starred INTEGER, origination_flags INTEGER, origin INTEGER, sort_id INTEGER NOT NULL DEFAULT 0,
  translated_text TEXT, mood INTEGER);
CREATE TABLE message_media (message_row_id INTEGER PRIMARY KEY, chat_row_id INTEGER, file_path TEXT, file_size INTEGER, file_length INTEGER, media_key BLOB, width INTEGER, height INTEGER, mime_type TEXT,
  media_name TEXT, media_caption TEXT, file_hash TEXT, media_duration INTEGER, raw_transcription_text TEXT, accessibility_label TEXT, message_url TEXT);
CREATE TABLE message_quoted (message_row_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER NOT NULL, parent_message_chat_row_id INTEGER NOT NULL, from_me INTEGER NOT NULL, sender_jid_row_id INTEGER,
  key_id TEXT NOT NULL, timestamp INTEGER, message_type INTEGER, text_data TEXT);
CREATE TABLE message_forwarded (message_row_id INTEGER PRIMARY KEY, forward_score INTEGER);
CREATE TABLE forwarded_newsletter_message_info (message_row_id INTEGER PRIMARY KEY, newsletter_jid_row_id INTEGER NOT NULL, newsletter_name TEXT NOT NULL);
CREATE TABLE message_location (message_row_id INTEGER PRIMARY KEY, latitude REAL, longitude REAL, place_name TEXT, place_address TEXT, url TEXT, live_location_share_duration INTEGER,
  live_location_final_latitude REAL, live_location_final_longitude REAL, live_location_final_timestamp INTEGER);
CREATE TABLE message_ephemeral (message_row_id INTEGER PRIMARY KEY, duration INTEGER NOT NULL, expire_timestamp INTEGER NOT NULL, keep_in_chat INTEGER NOT NULL DEFAULT 0);
CREATE TABLE message_ephemeral_setting (message_row_id INTEGER PRIMARY KEY, setting_duration INTEGER);
CREATE TABLE message_view_once_media (message_row_id INTEGER PRIMARY KEY, state INTEGER NOT NULL);
CREATE TABLE message_text (message_row_id INTEGER PRIMARY KEY, description TEXT, page_title TEXT, url TEXT, font_style INTEGER);
CREATE TABLE message_mentions (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, jid_row_id INTEGER, display_name TEXT);
CREATE TABLE message_vcard (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, vcard TEXT);
CREATE TABLE message_edit_info (message_row_id INTEGER PRIMARY KEY, original_key_id TEXT NOT NULL, edited_timestamp INTEGER NOT NULL, sender_timestamp INTEGER NOT NULL);
CREATE TABLE message_revoked (message_row_id INTEGER PRIMARY KEY, revoked_key_id TEXT NOT NULL, admin_jid_row_id INTEGER, revoke_timestamp INTEGER);
CREATE TABLE message_album (message_row_id INTEGER PRIMARY KEY, image_count INTEGER NOT NULL DEFAULT 0, video_count INTEGER NOT NULL DEFAULT 0);
CREATE TABLE message_association (_id INTEGER PRIMARY KEY AUTOINCREMENT, child_message_row_id INTEGER NOT NULL, parent_message_row_id INTEGER NOT NULL, association_type INTEGER NOT NULL);
CREATE TABLE message_poll (message_row_id INTEGER PRIMARY KEY, enc_key BLOB, selectable_options_count INTEGER);
CREATE TABLE message_poll_option (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, option_name TEXT, vote_total INTEGER);
CREATE TABLE message_add_on (_id INTEGER PRIMARY KEY AUTOINCREMENT, chat_row_id INTEGER, from_me INTEGER, key_id TEXT NOT NULL, sender_jid_row_id INTEGER, parent_message_row_id INTEGER, timestamp INTEGER,
  status INTEGER, message_add_on_type INTEGER);
CREATE TABLE message_add_on_reaction (message_add_on_row_id INTEGER PRIMARY KEY, reaction TEXT, sender_timestamp INTEGER);
CREATE TABLE message_add_on_poll_vote (message_add_on_row_id INTEGER PRIMARY KEY, sender_timestamp INTEGER);
CREATE TABLE message_add_on_poll_vote_selected_option (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_add_on_row_id INTEGER, message_poll_option_id INTEGER);
CREATE TABLE message_add_on_pin_in_chat (message_add_on_row_id INTEGER PRIMARY KEY, pin_in_chat_state INTEGER NOT NULL DEFAULT 0, sender_timestamp INTEGER);
CREATE TABLE newsletter_message_reaction (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER NOT NULL, reaction TEXT NOT NULL, reaction_count INTEGER NOT NULL);
CREATE TABLE message_system (message_row_id INTEGER PRIMARY KEY, action_type INTEGER NOT NULL);
CREATE TABLE message_system_group (message_row_id INTEGER PRIMARY KEY, is_me_joined INTEGER);
CREATE TABLE message_system_chat_participant (message_row_id INTEGER, user_jid_row_id INTEGER);
CREATE TABLE message_system_number_change (message_row_id INTEGER PRIMARY KEY, old_jid_row_id INTEGER, new_jid_row_id INTEGER);
CREATE TABLE message_system_value_change (message_row_id INTEGER PRIMARY KEY, old_data TEXT);
CREATE TABLE message_system_block_contact (message_row_id INTEGER PRIMARY KEY, is_blocked INTEGER);
CREATE TABLE message_order (message_row_id INTEGER PRIMARY KEY, order_id TEXT, thumbnail BLOB, order_title TEXT, item_count INTEGER, message TEXT, seller_jid_row_id INTEGER, currency_code TEXT, total_amount_1000 INTEGER);
CREATE TABLE message_product (message_row_id INTEGER PRIMARY KEY, title TEXT, description TEXT, currency_code TEXT, amount_1000 INTEGER);
CREATE TABLE message_payment (message_row_id INTEGER PRIMARY KEY, sender_jid_row_id INTEGER, receiver_jid_row_id INTEGER, amount_with_symbol TEXT);
CREATE TABLE message_template (message_row_id INTEGER PRIMARY KEY, content_text_data TEXT NOT NULL, footer_text_data TEXT);
CREATE TABLE message_template_button (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, text_data TEXT NOT NULL, extra_data TEXT);
CREATE TABLE message_ui_elements (_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, message_row_id INTEGER NOT NULL, element_type INTEGER, element_content TEXT);
CREATE TABLE message_group_invite (message_row_id INTEGER PRIMARY KEY, group_name TEXT, invite_code TEXT);
CREATE TABLE message_event (message_row_id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT, location_latitude REAL, start_time INTEGER);
CREATE TABLE message_hologram (message_row_id INTEGER PRIMARY KEY, depth REAL, label TEXT, wave BLOB);
CREATE TABLE message_secret (message_row_id INTEGER PRIMARY KEY, message_secret BLOB);
CREATE TABLE message_thumbnail (message_row_id INTEGER PRIMARY KEY, thumbnail BLOB);
CREATE TABLE receipt_user (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER NOT NULL, receipt_user_jid_row_id INTEGER NOT NULL, receipt_timestamp INTEGER, read_timestamp INTEGER);
CREATE TABLE call_log (_id INTEGER PRIMARY KEY AUTOINCREMENT, jid_row_id INTEGER, from_me INTEGER, call_id TEXT, transaction_id INTEGER, timestamp INTEGER, video_call INTEGER, duration INTEGER, call_result INTEGER,
  group_jid_row_id INTEGER NOT NULL DEFAULT 0);
CREATE TABLE call_log_participant_v2 (_id INTEGER PRIMARY KEY AUTOINCREMENT, call_log_row_id INTEGER, jid_row_id INTEGER, call_result INTEGER);
CREATE TABLE message_call_log (message_row_id INTEGER PRIMARY KEY, call_log_row_id INTEGER);
CREATE TABLE missed_call_logs (_id INTEGER PRIMARY KEY AUTOINCREMENT, message_row_id INTEGER, timestamp INTEGER, video_call INTEGER);

INSERT INTO props (key, value) VALUES ('user_push_name', 'Ben');

-- 1 Ben, whose phone it is; 2 Mara, and 12 her hidden address; 3 Jonas; 4 somebody
-- without a known number; 5 Jonas's number of before; 9 a shop; 20 and on: chats.
INSERT INTO jid VALUES
  (1, '491700000001', 's.whatsapp.net', 0, 0, 0, '491700000001@s.whatsapp.net'),
  (2, '491700000002', 's.whatsapp.net', 0, 0, 0, '491700000002@s.whatsapp.net'),
  (3, '491700000003', 's.whatsapp.net', 0, 0, 0, '491700000003@s.whatsapp.net'),
  (4, '880000000000004', 'lid', 0, 0, 18, '880000000000004@lid'),
  (5, '491700000005', 's.whatsapp.net', 0, 0, 0, '491700000005@s.whatsapp.net'),
  (6, '', '', 0, 0, 11, ''),
  (9, '491700000009', 's.whatsapp.net', 0, 0, 0, '491700000009@s.whatsapp.net'),
  (12, '770000000000012', 'lid', 0, 0, 18, '770000000000012@lid'),
  (13, '491700000003', 's.whatsapp.net', 0, 4, 17, '491700000003.0:4@s.whatsapp.net'),
  (20, '491700000001-1580000000', 'g.us', 0, 0, 1, '491700000001-1580000000@g.us'),
  (21, 'status', 'broadcast', 0, 0, 5, 'status@broadcast'),
  (22, '120363000000000022', 'newsletter', 0, 0, 21, '120363000000000022@newsletter'),
  (23, '1580000023', 'broadcast', 0, 0, 3, '1580000023@broadcast'),
  (24, '120363000000000024', 'g.us', 0, 0, 1, '120363000000000024@g.us');
INSERT INTO jid_map VALUES (12, 2, 1);
INSERT INTO lid_display_name VALUES (4, 'Okto', 'okto.walks'), (12, 'mara l.', NULL);

INSERT INTO chat (_id, jid_row_id, hidden, subject, created_timestamp) VALUES
  (1, 2, 0, NULL, 1700000000000), (2, 20, 0, 'Ridge walkers', 1580000000000), (3, 21, 1, NULL, NULL), (4, 22, 0, NULL, NULL), (5, 9, 0, NULL, NULL),
  (6, 12, 0, NULL, 1772000000000), (7, 23, 0, 'Hut keepers', NULL), (8, 1, 0, NULL, NULL), (9, 24, 0, 'Nobody wrote here', NULL);
INSERT INTO newsletter VALUES (4, 'Tide tables');
INSERT INTO group_participant_user (group_jid_row_id, user_jid_row_id, rank) VALUES (20, 6, 2), (20, 12, 0), (20, 13, 1), (20, 4, 0);
INSERT INTO group_past_participant_user (group_jid_row_id, user_jid_row_id, is_leave, timestamp) VALUES (20, 9, 1, 1600000000000);

INSERT INTO message (_id, chat_row_id, from_me, key_id, sort_id) VALUES (1, -1, 0, '-1', 0);

-- With Mara, first under her number, then under her hidden address.
INSERT INTO message (_id, chat_row_id, from_me, key_id, sender_jid_row_id, timestamp, message_type, text_data, starred, origination_flags, origin, sort_id, translated_text, mood) VALUES
  (10, 1, 1, 'M10', 0, 1772355600000, 7, NULL, 0, 0, 0, 10, NULL, NULL),
  (11, 1, 0, 'M11', 0, 1772355660000, 0, 'are you coming up on Sunday?', 1, 0, 0, 11, 'venez-vous dimanche ?', NULL),
  (12, 1, 1, 'M12', 0, 1772355720123, 0, 'yes, with *two* ropes', 0, 0, 0, 12, NULL, 3),
  (13, 1, 0, 'M13', 0, 1772355780000, 1, 'the ridge this morning', 0, 0, 0, 13, NULL, NULL),
  (14, 1, 0, 'M14', 0, 1772355840000, 1, NULL, 0, 1, 0, 14, NULL, NULL),
  (15, 1, 1, 'M15', 0, 1772355900500, 2, NULL, 0, 0, 1, 15, NULL, NULL),
  (16, 1, 0, 'M16', 0, 1772355960000, 3, NULL, 0, 0, 0, 16, NULL, NULL),
  (17, 1, 0, 'M17', 0, 1772356020000, 9, NULL, 0, 0, 0, 17, NULL, NULL),
  (18, 1, 0, 'M18', 0, 1772356080000, 20, NULL, 0, 0, 0, 18, NULL, NULL),
  (19, 1, 0, 'M19', 0, 1772356140000, 13, NULL, 0, 0, 0, 19, NULL, NULL),
  (20, 1, 0, 'M20', 0, 1772356200000, 42, NULL, 0, 0, 0, 20, NULL, NULL),
  (21, 1, 0, 'M21', 0, 1772356260000, 82, NULL, 0, 0, 0, 21, NULL, NULL),
  (22, 1, 1, 'M22', 0, 1772356320000, 5, NULL, 0, 0, 0, 22, NULL, NULL),
  (23, 1, 0, 'M23', 0, 1772356380000, 16, 'follow me', 0, 0, 0, 23, NULL, NULL),
  (24, 1, 0, 'M24', 0, 1772356440000, 4, 'Hut Keeper', 0, 0, 0, 24, NULL, NULL),
  (25, 1, 0, 'M25', 0, 1772356500000, 14, NULL, 0, 0, 0, 25, NULL, NULL),
  (26, 1, 0, 'M26', 0, 1772356560000, 0, 'see https://tides.example/today for the water', 0, 0, 0, 26, NULL, NULL),
  (27, 1, 1, 'M27b', 0, 1772356620000, 0, 'at seven, not at six', 0, 0, 0, 27, NULL, NULL),
  (28, 1, 0, 'M28b', 0, 1772356680000, 15, NULL, 0, 0, 0, 28, NULL, NULL),
  (29, 1, 0, 'M29', 0, 1772356740000, 0, 'this goes in a week', 0, 0, 0, 29, NULL, NULL),
  (30, 1, 0, 'M30', 0, 1772356800000, 0, 'this was kept', 0, 0, 0, 30, NULL, NULL),
  (31, 1, 1, 'M31', 0, 1772356860000, 36, NULL, 0, 0, 0, 31, NULL, NULL),
  (32, 1, 0, 'M32', 0, 1772356920000, 10, 'video', 0, 0, 0, 32, NULL, NULL),
  (33, 6, 0, 'M33', 0, 1772357000000, 0, 'and from here on I am hidden', 0, 0, 0, 33, NULL, NULL),
  (34, 6, 1, 'M34', 0, 1772357060000, 90, NULL, 0, 0, 0, 34, NULL, NULL),
  (35, 6, 0, 'M35', 0, 1772357120000, 11, NULL, 0, 0, 0, 35, NULL, NULL),
  (36, 6, 1, 'M36', 0, 1772357180000, 7, 'true', 0, 0, 0, 36, NULL, NULL),
  (37, 6, 0, 'M37', 0, 1772357240000, 81, NULL, 0, 0, 0, 37, NULL, NULL),
  (38, 6, 0, 'M38', 0, 1772357300000, 777, 'a message out of the future', 0, 0, 0, 38, NULL, NULL);
INSERT INTO message_system VALUES (10, 67), (36, 58);
INSERT INTO message_system_block_contact VALUES (36, 1);
INSERT INTO message_quoted (message_row_id, chat_row_id, parent_message_chat_row_id, from_me, sender_jid_row_id, key_id, timestamp, message_type, text_data) VALUES
  (12, 1, 1, 0, 0, 'M11', 1772355660000, 0, 'are you coming up on Sunday?'),
  (30, 1, 1, 1, 0, 'M27', 1772356620000, 0, 'at six'),
  (33, 6, 6, 0, 0, 'GONE', 1772000000000, 0, 'what is no longer there');
INSERT INTO message_media (message_row_id, file_path, file_size, file_length, width, height, mime_type, media_name, media_caption, file_hash, media_duration, raw_transcription_text, accessibility_label, message_url) VALUES
  (13, 'Media/WhatsApp Images/IMG-20260301-WA0001.jpg', 24, 24, 1200, 1600, 'image/jpeg', NULL, NULL, 'aGFzaCAxMw==', 0, NULL, 'a ridge in snow', NULL),
  (14, 'Media/WhatsApp Images/IMG-20260301-WA0002.jpg', 9, 9, 800, 600, 'image/jpeg', NULL, 'gone from the phone', 'aGFzaCAxNA==', 0, NULL, NULL, NULL),
  (15, 'Media/WhatsApp Voice Notes/202610/PTT-20260302-WA0001.opus', 13, 13, 0, 0, 'audio/ogg; codecs=opus', NULL, NULL, NULL, 7, 'bring the long rope', NULL, NULL),
  (16, NULL, 0, 5000000, 1280, 720, 'video/mp4', NULL, NULL, 'aGFzaCAxNg==', 31, NULL, NULL, 'https://mmg.example/v'),
  (17, 'Media/WhatsApp Documents/packing list.pdf', 12, 12, 0, 0, 'application/pdf', 'packing list.pdf', 'what to carry', NULL, 0, NULL, NULL, NULL),
  (18, 'Media/WhatsApp Stickers/STK-20260302-WA0003.webp', 13, 13, 512, 512, 'image/webp', NULL, NULL, NULL, 0, NULL, NULL, NULL),
  (19, '/storage/emulated/0/Android/media/com.whatsapp/WhatsApp/Media/WhatsApp Video/VID-20260302-WA0004.mp4', 12, 12, 320, 240, 'video/mp4', NULL, NULL, NULL, 2, NULL, NULL, NULL),
  (20, NULL, 0, 70000, 900, 1600, 'image/jpeg', NULL, NULL, NULL, 0, NULL, NULL, NULL),
  (21, NULL, 0, 9000, 0, 0, 'audio/ogg', NULL, NULL, NULL, 4, NULL, NULL, NULL),
  (37, 'Media/../../outside.mp4', 9, 9, 400, 400, 'video/mp4', NULL, NULL, NULL, 6, NULL, NULL, NULL);
INSERT INTO message_view_once_media VALUES (20, 2), (21, 0);
INSERT INTO message_forwarded VALUES (14, 5);
INSERT INTO message_location VALUES
  (22, 46.5765, 7.9855, 'Upper hut', 'Ridge path 1', 'https://maps.example/hut', NULL, NULL, NULL, NULL),
  (23, 46.58, 7.99, NULL, NULL, NULL, 3600, 46.59, 8.0, 1772359980000);
INSERT INTO message_vcard (message_row_id, vcard) VALUES
  (24, 'BEGIN:VCARD' || char(10) || 'VERSION:3.0' || char(10) || 'FN:Hut Keeper' || char(10) || 'TEL:+41790000000' || char(10) || 'END:VCARD'),
  (25, 'BEGIN:VCARD' || char(10) || 'FN;CHARSET=UTF-8:Una' || char(10) || 'END:VCARD'), (25, 'BEGIN:VCARD' || char(10) || 'FN:Bex' || char(10) || 'END:VCARD');
INSERT INTO message_text (message_row_id, description, page_title, url, font_style) VALUES (26, 'High and low water', 'Tides', 'https://tides.example/today', 0);
INSERT INTO message_edit_info VALUES (27, 'M27', 1772356650000, 1772356649000);
INSERT INTO message_revoked VALUES (28, 'M28', NULL, 1772356700000);
INSERT INTO message_ephemeral VALUES (29, 604800, 1772961540000, 0), (30, 604800, 1772961600000, 1);
INSERT INTO message_ephemeral_setting VALUES (31, 604800);
INSERT INTO missed_call_logs (message_row_id, timestamp, video_call) VALUES (32, 1772356920000, 1);
INSERT INTO call_log (_id, jid_row_id, from_me, call_id, transaction_id, timestamp, video_call, duration, call_result, group_jid_row_id) VALUES
  (1, 2, 0, 'C1', 1, 1772356920000, 1, 0, 2, 0), (2, 12, 1, 'C2', 1, 1772357060000, 0, 125, 5, 0), (3, 2, 1, 'C3', 1, 1772355690000, 0, 0, 4, 0), (4, 13, 0, 'C4', 1, 1772400000000, 1, 300, 5, 20);
INSERT INTO call_log_participant_v2 (call_log_row_id, jid_row_id, call_result) VALUES (4, 12, 5), (4, 4, 2);
INSERT INTO message_call_log VALUES (34, 2);
INSERT INTO message_hologram VALUES (38, 2.5, 'a shape of light', X'00ff');
INSERT INTO message_secret VALUES (12, X'0102030405060708');
INSERT INTO message_thumbnail VALUES (13, X'ffd8ff'), (14, X'ffd8ff');

-- The group.
INSERT INTO message (_id, chat_row_id, from_me, key_id, sender_jid_row_id, timestamp, message_type, text_data, origination_flags, sort_id) VALUES
  (100, 2, 1, 'G100', 13, 1580000000000, 7, 'Walkers', 0, 100),
  (101, 2, 1, 'G101', 13, 1580000001000, 7, NULL, 0, 101),
  (102, 2, 1, 'G102', 13, 1580000100000, 7, 'Ridge walkers', 0, 102),
  (103, 2, 1, 'G103', 4, 1580000200000, 7, '1580000200', 0, 103),
  (104, 2, 1, 'G104', 9, 1580000300000, 7, NULL, 0, 104),
  (105, 2, 1, 'G105', 13, 1580000400000, 7, NULL, 0, 105),
  (106, 2, 1, 'G106', 0, 1580000500000, 7, NULL, 0, 106),
  (107, 2, 1, 'G107', 13, 1580000600000, 7, 'We walk the ridge, whatever the weather', 0, 107),
  (108, 2, 1, 'G108', 13, 1580000700000, 7, NULL, 0, 108),
  (109, 2, 1, 'G109', 12, 1580000800000, 7, NULL, 0, 109),
  (110, 2, 0, 'G110', 12, 1772400100000, 0, 'ask @491700000003 or @880000000000004, not @4917000000031', 0, 110),
  (111, 2, 0, 'G111', 13, 1772400200000, 99, NULL, 0, 111),
  (112, 2, 0, 'G112', 13, 1772400200000, 1, 'the hut, both sides', 0, 112),
  (113, 2, 0, 'G113', 13, 1772400201000, 1, NULL, 0, 113),
  (114, 2, 1, 'G114', 0, 1772400300250, 66, 'Which way up?', 0, 114),
  (115, 2, 0, 'G115', 4, 1772400400000, 0, 'the back looks better', 0, 115),
  (116, 2, 0, 'G116b', 13, 1772400500000, 64, NULL, 0, 116),
  (117, 2, 0, 'SAME', 13, 1772400600000, 0, 'one', 0, 117),
  (118, 2, 0, 'SAME', 12, 1772400600000, 0, 'two', 0, 118),
  (119, 2, 0, 'G119', 13, 1772400700000, 24, NULL, 0, 119),
  (120, 2, 1, 'G120', 0, 1772400800000, 92, NULL, 0, 120),
  (121, 2, 0, 'G121', 12, 1772400900000, 0, 'sent before the last one, shown after', 0, 123),
  (122, 2, 0, 'G122', 13, 1772401000000, 0, 'shown before', 0, 122),
  (123, 2, 1, 'G123', 13, 1772401100000, 7, NULL, 0, 124);
INSERT INTO message_system VALUES (100, 11), (101, 12), (102, 1), (103, 6), (104, 5), (105, 14), (106, 15), (107, 27), (108, 28), (109, 194), (123, 118);
INSERT INTO message_system_group VALUES (101, 1), (105, 0);
INSERT INTO message_system_chat_participant VALUES (101, 1), (105, 9), (104, 9);
INSERT INTO message_system_value_change VALUES (102, 'Walkers');
INSERT INTO message_system_number_change VALUES (108, 5, 13);
INSERT INTO message_mentions (message_row_id, jid_row_id) VALUES (110, 13), (110, 4), (110, 12);
INSERT INTO message_album VALUES (111, 2, 0);
INSERT INTO message_association (child_message_row_id, parent_message_row_id, association_type) VALUES (113, 111, 2), (112, 111, 2);
INSERT INTO message_media (message_row_id, file_path, file_length, width, height, mime_type) VALUES
  (112, 'Media/WhatsApp Images/IMG-20260301-WA0005.jpg', 25, 100, 100, 'image/jpeg'), (113, 'Media/WhatsApp Images/IMG-20260301-WA0006.jpg', 24, 100, 100, 'image/jpeg');
INSERT INTO message_poll VALUES (114, X'00112233', 1);
INSERT INTO message_poll_option (_id, message_row_id, option_name, vote_total) VALUES (1, 114, 'The ridge', 2), (2, 114, 'The gully', 0), (3, 114, 'Stay down', 1);
INSERT INTO message_add_on (_id, from_me, key_id, sender_jid_row_id, parent_message_row_id, timestamp, message_add_on_type) VALUES
  (1, 0, 'A1', 12, 114, 1772400310000, 67), (2, 1, 'A2', NULL, 114, 1772400320000, 67), (3, 0, 'A3', 4, 114, 1772400330000, 67), (4, 0, 'A4', 13, 114, 1772400340000, 67),
  (5, 0, 'A5', 13, 110, 1772400350000, 56), (6, 1, 'A6', NULL, 110, 1772400360000, 56), (7, 0, 'A7', 4, 110, 1772400370000, 56), (8, 0, 'A8', 13, 115, 1772401100000, 74),
  (9, 0, 'A9', NULL, 12, 1772355730000, 56), (10, 0, 'A10', 12, 113, 1772400250000, 56);
INSERT INTO message_add_on_poll_vote VALUES (1, 1772400310000), (2, 1772400320000), (3, 1772400330000), (4, 1772400340000);
INSERT INTO message_add_on_poll_vote_selected_option (message_add_on_row_id, message_poll_option_id) VALUES (1, 1), (2, 1), (3, 3);
INSERT INTO message_add_on_reaction VALUES (5, '👍', 1772400350100), (6, '🏔️', 1772400360100), (7, '', 1772400370100), (9, '❤️', 1772355730000), (10, '😮', 1772400250000);
INSERT INTO message_add_on_pin_in_chat VALUES (8, 1, 1772401100000);
INSERT INTO message_quoted (message_row_id, chat_row_id, parent_message_chat_row_id, from_me, sender_jid_row_id, key_id, timestamp, message_type, text_data) VALUES (115, 2, 2, 0, 13, 'G113', 1772400201000, 1, NULL);
INSERT INTO message_revoked VALUES (116, 'G116', 12, 1772400550000);
INSERT INTO message_group_invite VALUES (119, 'Night walkers', 'abcDEF');
INSERT INTO message_event VALUES (120, 'Spring walk', 'Meet at the lower hut', 46.5, 1773000000000);
INSERT INTO receipt_user (message_row_id, receipt_user_jid_row_id, receipt_timestamp, read_timestamp) VALUES (114, 12, 1772400301000, 1772400302000), (114, 13, 1772400301000, -1);

-- Status, a channel, a shop, a list, notes to oneself, and a row of no chat.
INSERT INTO message (_id, chat_row_id, from_me, key_id, sender_jid_row_id, timestamp, message_type, text_data, sort_id) VALUES
  (200, 3, 0, 'S200', 12, 1772410000000, 0, 'above the clouds', 200),
  (210, 4, 0, 'N210', 0, 1772410100000, 0, 'Spring tide on Friday', 210),
  (220, 5, 0, 'B220', 0, 1772410200000, 28, NULL, 220),
  (221, 5, 1, 'B221', 0, 1772410260000, 44, NULL, 221),
  (222, 5, 0, 'B222', 0, 1772410320000, 23, NULL, 222),
  (223, 5, 1, 'B223', 0, 1772410380000, 6, NULL, 223),
  (224, 5, 0, 'B224', 0, 1772410440000, 85, NULL, 224),
  (225, 5, 1, 'B225', 0, 1772410500000, 7, NULL, 225),
  (226, 5, 0, 'B226', 0, 1772410560000, 0, 'seen in your channel', 226),
  (230, 7, 1, 'L230', 0, 1772410600000, 0, 'the upper hut is shut', 230),
  (240, 8, 1, 'O240', 0, 1772410700000, 0, 'buy chalk', 240),
  (250, 99, 0, 'X250', 3, 1772410800000, 0, 'my chat is gone', 250);
INSERT INTO newsletter_message_reaction (message_row_id, reaction, reaction_count) VALUES (210, '🌊', 41), (210, '👍', 7);
INSERT INTO message_template VALUES (220, 'Your rope is ready.', 'Hut & Rope');
INSERT INTO message_template_button (message_row_id, text_data, extra_data) VALUES (220, 'On my way', NULL), (220, 'Where?', 'https://shop.example');
INSERT INTO message_order VALUES (221, '42', X'ffd8', 'One rope, sixty metres', 1, 'blue, if there is one', 9, 'EUR', 129000);
INSERT INTO message_product VALUES (222, 'Chalk', 'A whole block', 'EUR', 4500);
INSERT INTO message_payment VALUES (223, 1, 9, '€133.50');
INSERT INTO message_ui_elements (message_row_id, element_type, element_content) VALUES (224, 6, '{"title":"Thank you","description":"Come again when the snow is gone","buttons":[1]}');
INSERT INTO message_system VALUES (225, 46);
INSERT INTO message_forwarded VALUES (226, 1);
INSERT INTO forwarded_newsletter_message_info VALUES (226, 22, 'Tide tables');
