package rclone

import (
	_ "embed"

	"chatkeep/providers/storage"
)

//go:embed google-drive.txt
var googleDrive string

//go:embed icloud.txt
var iCloud string

var topics = []storage.Topic{
	{Name: "google-drive", Title: "a repository on Google Drive, through rclone", Text: googleDrive},
	{Name: "icloud", Title: "a repository on iCloud Drive, through rclone", Text: iCloud},
}
