// Package storage keeps everything in PostgreSQL, by way of bun. It is the only package with SQL
// and implements the Store of each feature.
//
// Tables are named crm_…; the connection's search_path picks the schema. A store method is one
// transaction. Rows are private to this package.
//
// The connections must be pgx's (github.com/jackc/pgx/v5/stdlib): bulk work goes through COPY,
// which database/sql does not know. Open a pool with [Open], or with sql.Open("pgx", dsn) and
// default_query_exec_mode=exec in the DSN: bun writes arguments into the text of a statement, so
// pgx's default mode would prepare every statement anew.
package storage
