package db

import (
	"embed"
	"fmt"
)

// LimitPages makes SQLite believe that the disk is full once the file has so many pages; 0 lifts it.
func (d *DB) LimitPages(pages int64) error {
	if pages == 0 {
		pages = 1 << 30
	}
	e := d.engine.(*sqliteEngine)
	e.writing.Lock()
	defer e.writing.Unlock()
	return e.writer.run(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
}

// Pages returns how many pages the file has.
func (d *DB) Pages() (pages int64, err error) {
	return pages, d.engine.(*sqliteEngine).writer.one("PRAGMA page_count", nil, []any{&pages})
}

// Check runs SQLite's own check of the whole file.
func (d *DB) Check() (verdict string, err error) {
	return verdict, d.engine.(*sqliteEngine).writer.one("PRAGMA integrity_check", nil, []any{&verdict})
}

// MaxBatch is the bound on Writes that share a transaction.
const MaxBatch = maxBatch

// Migrations are the steps that make the tables.
func Migrations() embed.FS { return migrations }
