package mariadb

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Bundle is where AWS publishes the certificates of RDS's authorities: the image's bake gets them there.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.CertificatesAllRegions
const Bundle = "truststore.pki.rds.amazonaws.com/global/global-bundle.pem"

// Authority stands for RDS's certificate authorities: it signs the certificates of all servers. It is kept in the project's
// cache, as the images are that trust it.
type Authority struct {
	// Certificates are in the place of what AWS publishes at [Bundle].
	Certificates []byte

	certificate *x509.Certificate
	key         crypto.Signer
}

// SetupAuthority reads the authority from the project's cache, or makes it. Two may do it at the same time.
func SetupAuthority(root string) (Authority, error) {
	folder := filepath.Join(root, ".cache", "mariadb", "authority")
	if authority, err := readAuthority(folder); !errors.Is(err, fs.ErrNotExist) {
		return authority, err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return Authority{}, err
	}
	work, err := os.MkdirTemp(filepath.Dir(folder), "authority-")
	if err != nil {
		return Authority{}, err
	}
	defer os.RemoveAll(work)
	if err := makeAuthority(work); err != nil {
		return Authority{}, err
	}
	if err := os.Rename(work, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		return Authority{}, err // one that exists is another's, just as good
	}
	return readAuthority(folder)
}

func readAuthority(folder string) (a Authority, err error) {
	if a.Certificates, err = os.ReadFile(filepath.Join(folder, certificateFile)); err != nil {
		return a, err
	}
	secret, err := os.ReadFile(filepath.Join(folder, keyFile))
	if err != nil {
		return a, err
	}
	certificate, _ := pem.Decode(a.Certificates)
	key, _ := pem.Decode(secret)
	if certificate == nil || key == nil {
		return a, fmt.Errorf("%s is broken: delete it", folder)
	}
	private, keyErr := x509.ParsePKCS8PrivateKey(key.Bytes)
	a.key, _ = private.(crypto.Signer)
	a.certificate, err = x509.ParseCertificate(certificate.Bytes)
	return a, errors.Join(err, keyErr)
}

func makeAuthority(folder string) error {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Drill Root CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return write(folder, template, template, key, key)
}

// Vouch writes a certificate for names, the first of which is its subject, and its key to a folder, and returns both files.
func (a Authority) Vouch(folder string, names ...string) (certificate, key string, err error) {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(0, 1, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	return filepath.Join(folder, certificateFile), filepath.Join(folder, keyFile), write(folder, template, a.certificate, own, a.key)
}

const certificateFile, keyFile = "certificate.pem", "key.pem"

// write writes a certificate and its key.
func write(folder string, template, issuer *x509.Certificate, own, issuers crypto.Signer) error {
	certificate, err := x509.CreateCertificate(rand.Reader, template, issuer, own.Public(), issuers)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, certificateFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), 0o600),
		os.WriteFile(filepath.Join(folder, keyFile), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}
