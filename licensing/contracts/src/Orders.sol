// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What an authorized payment is for
/// @dev An ERC-3009 authorization names payer, payee and amount, and a nonce of the payer's choice. Here the nonce is the
///      hash of the order: whoever relays the payment can use it for that order, once, and for nothing else.
library Orders {
    bytes32 private constant BUY =
        keccak256("Buy(uint256 termsId,address holder,address signer,uint128 deposit,bytes32 salt)");
    bytes32 private constant RENEW = keccak256("Renew(uint256 licenseId,uint64 expiresAt,bytes32 salt)");
    bytes32 private constant OPEN = keccak256("Open(uint256 licenseId,uint64 epoch,bytes32 salt)");
    bytes32 private constant TOP_UP = keccak256("TopUp(uint256 licenseId,uint64 epoch,bytes32 salt)");

    function buy(uint256 termsId, address holder, address signer, uint128 deposit, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(BUY, termsId, holder, signer, deposit, salt));
    }

    function renew(uint256 licenseId, uint64 expiresAt, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RENEW, licenseId, expiresAt, salt));
    }

    function open(uint256 licenseId, uint64 epoch, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(OPEN, licenseId, epoch, salt));
    }

    function topUp(uint256 licenseId, uint64 epoch, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(TOP_UP, licenseId, epoch, salt));
    }
}
