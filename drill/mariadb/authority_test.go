package mariadb

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheAuthorityIsMadeOnceAndVouchesForNames(t *testing.T) {
	root := t.TempDir()
	made, err := SetupAuthority(root)
	require.NoError(t, err)
	again, err := SetupAuthority(root)
	require.NoError(t, err)
	assert.Equal(t, made.Certificates, again.Certificates, "images trust the authority of an earlier drill")
	left, err := os.ReadDir(filepath.Join(root, ".cache", "mariadb"))
	require.NoError(t, err)
	assert.Len(t, left, 1)

	certificate, key, err := again.Vouch(t.TempDir(), "instance.example", "cluster.example")
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	authorities := x509.NewCertPool()
	require.True(t, authorities.AppendCertsFromPEM(made.Certificates))
	assert.Equal(t, "instance.example", pair.Leaf.Subject.CommonName)
	for name, known := range map[string]bool{"instance.example": true, "cluster.example": true, "other.example": false} {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: authorities})
		assert.Equal(t, known, err == nil, name)
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: x509.NewCertPool()})
	assert.Error(t, err, "another authority")

	file := filepath.Join(root, ".cache", "mariadb", "authority", certificateFile)
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = SetupAuthority(root)
	assert.ErrorContains(t, err, "is broken: delete it")
}
